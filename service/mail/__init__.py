"""Mail to moderators: what waits for them, written and sent."""
