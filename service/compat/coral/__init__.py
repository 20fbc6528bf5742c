"""The door that Coral's external moderation phases knock at."""
