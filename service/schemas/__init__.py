"""The schemas: the only door by which outside data comes in, and by which it goes out."""
