"""Pages for people: the demo, the API documentation."""
