"""Pages for people: readers, authors, moderators, administrators; the API documentation."""
