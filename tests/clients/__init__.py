"""Others' clients, unmodified, against the service over HTTP."""
