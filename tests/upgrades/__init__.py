"""Replicas of the previous version go on beside this one: what it sends to the database is recorded, and
replayed against the schema as it is now."""
