"""How a person in Slack reaches what the bot can do."""
