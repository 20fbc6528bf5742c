"""The own API, version 1: comments in, threads out, moderation, sign-in, operations."""
