"""Verbs: what the bot can do, each in one transaction or between two."""
