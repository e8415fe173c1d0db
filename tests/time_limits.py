"""Takes the place of Slack's and the bot's limits on real time: it ends a hang, and decides no test."""

HANG_SECONDS = 120.0
