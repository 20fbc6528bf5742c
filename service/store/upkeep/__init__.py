"""Whole sites at a time: verifying, mending, copying, retention, all of one address."""
