"""What Prometheus reads at `/metrics`: the service as a whole, from any web process."""
