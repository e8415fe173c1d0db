"""Bugs kept as patches, to check that the tests catch them."""
