"""Messages that people get without having asked."""
