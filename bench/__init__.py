"""Benchmarks against peers: the same machine, the same run, ratios rather than figures."""
