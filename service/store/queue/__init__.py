"""The moderators' queue: its indexes, filters and search, claims, notes and live news."""
