from models.subscription.subscription import (
    NothingToOrder,
    SeatBlock,
    Subscription,
    SubscriptionNotFound,
    SubscriptionNotSelfServed,
    compute_recurring_amount,
)

__all__ = [
    "NothingToOrder",
    "SeatBlock",
    "Subscription",
    "SubscriptionNotFound",
    "SubscriptionNotSelfServed",
    "compute_recurring_amount",
]
