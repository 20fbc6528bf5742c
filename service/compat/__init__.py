"""Doors in the shapes of others' APIs, for clients that change only an address."""
