"""Checks that speak for what the site itself has learned."""
