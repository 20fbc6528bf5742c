"""Configuration: the settings object, policy defaults, logging and deploy files."""
