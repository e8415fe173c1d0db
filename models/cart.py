"""The numbers of new seats chosen, before they become a quote: one cart per account and contact (R10)."""

from dataclasses import dataclass

from sqlmodel import JSON, Field, SQLModel, UniqueConstraint

from models.errors import Refusal


class EmptyOrder(Refusal):
    """An order without seats."""


class SeatsNotANumber(Refusal):
    """Text, a decimal or a negative number instead of a whole number of seats."""


class TooManySeats(Refusal):
    """More seats than one line may have."""


class TooManySeatsInOrder(Refusal):
    """More seats than one order may have."""


class Cart(SQLModel, table=True):
    """`seats` are the new seats by subscription id. `replaceable_quote_ids` are the ids of the pending quotes
    that the person has agreed to replace (R7)."""

    __table_args__ = (UniqueConstraint("account_id", "contact_id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    contact_id: int = Field(foreign_key="billing_contact.id")
    seats: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    replaceable_quote_ids: list[int] = Field(default_factory=list, sa_type=JSON)


@dataclass(frozen=True)
class SeatLimits:
    """How many seats a line and an order may have, from the settings."""

    max_per_line: int
    max_per_order: int

    def parse_seats(self, text: str) -> int:
        """Returns the number typed; 0 if blank. Raises SeatsNotANumber or TooManySeats."""
        typed = text.strip()
        if not typed:
            return 0
        # Like `int`, `isdecimal` accepts digits of other scripts; unlike it, no sign and no separator.
        if not typed.isdecimal():
            raise SeatsNotANumber(typed=typed[:20])
        if len(typed) > 99 or int(typed) > self.max_per_line:
            raise TooManySeats(most=self.max_per_line)
        return int(typed)

    def check_order(self, seats: dict[str, int]) -> None:
        total = sum(seats.values())
        if total == 0:
            raise EmptyOrder
        if total > self.max_per_order:
            raise TooManySeatsInOrder(most=self.max_per_order, total=total)
