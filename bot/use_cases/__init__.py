"""Use cases: what the bot can do, each in one transaction or two."""
