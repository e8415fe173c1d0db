"""Column types that the tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Enum

# An amount of money, in the minor unit of the account's currency.
Minor: Any = BigInteger


def one_of(states: type[StrEnum]) -> Any:
    """A text column that holds the values of `states` and, by a check constraint, nothing else."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        name=states.__name__.lower(),
        length=32,
        values_callable=lambda e: [s.value for s in e],
    )
