"""The door that speaks OpenAI's moderation endpoint."""
