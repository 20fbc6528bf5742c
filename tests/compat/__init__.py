"""Doors in the shapes of others' APIs."""
