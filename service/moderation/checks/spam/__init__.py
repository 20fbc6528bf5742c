"""Checks for spam: one file, one check."""
