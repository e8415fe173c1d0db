from models.subscription.subscription import (
    NothingToOrder,
    SeatBlock,
    Subscription,
    SubscriptionEnded,
    SubscriptionNotFound,
    SubscriptionNotSelfServed,
    compute_recurring_amount,
)

__all__ = [
    "NothingToOrder",
    "SeatBlock",
    "Subscription",
    "SubscriptionEnded",
    "SubscriptionNotFound",
    "SubscriptionNotSelfServed",
    "compute_recurring_amount",
]
