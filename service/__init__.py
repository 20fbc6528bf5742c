"""Écluse: the service that accepts comments, judges them and serves approved threads."""
