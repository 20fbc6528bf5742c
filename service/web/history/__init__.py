"""What was done: the audit log, the figures made of it, the blind second look."""
