"""Who people in Slack are."""
