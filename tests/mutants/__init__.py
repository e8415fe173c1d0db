"""Bugs kept as patches, to see that the tests would notice them."""
