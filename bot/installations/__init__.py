"""In which workspaces the bot is installed, and the client for each."""
