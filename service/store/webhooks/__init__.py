"""What leaves for a site's own servers: the outbox, deliveries and callbacks."""
