"""The door that speaks Akismet's API, 1.1 and 1.2."""
