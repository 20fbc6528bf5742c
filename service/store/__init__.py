"""The store: every aggregate in Redis or Valkey, one module each."""
