"""Where subscriptions, prices and charges live."""
