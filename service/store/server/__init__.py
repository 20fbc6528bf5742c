"""The server itself: connections to it, the embedded one, its state and its disk."""
