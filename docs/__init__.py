"""Pages about the project, some of them generated."""
