"""The doors in others' shapes: their keys, counts and quotas, and what is judged at once."""
