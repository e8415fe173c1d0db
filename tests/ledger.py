"""Changing the embedded gateway's ledger as another buyer would."""

from bot.billing.embedded.ledger import list_seat_blocks, lock_ledger_subscription
from bot.db import Database


async def set_ledger_seats(database: Database, subscription_id: str, seats: int) -> None:
    """Seats at other prices stay as long as they fit."""
    async with database.write() as session:
        subscription, _ = await lock_ledger_subscription(session, subscription_id)
        subscription.seats = seats
        for block in await list_seat_blocks(session, subscription_id):
            block.seats = min(block.seats, seats)
            seats -= block.seats
            if not block.seats:
                await session.delete(block)
