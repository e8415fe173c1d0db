"""The version of this program, which is the one in pyproject.toml."""

VERSION = "1.1.0"
