"""Stripe as the place where subscriptions, prices, cards, charges and receipts live (docs/stripe.md)."""
