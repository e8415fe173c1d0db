"""Messages that the bot sends without having been asked."""
