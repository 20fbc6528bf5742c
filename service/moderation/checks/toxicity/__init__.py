"""Checks for toxicity: one file, one check."""
