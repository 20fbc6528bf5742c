"""The site's own layer: what its moderators' decisions have taught, beside the models."""
