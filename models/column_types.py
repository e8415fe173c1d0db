"""Column types that the tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Enum

# An amount of money, in the minor unit of the account's currency.
MinorUnits: Any = BigInteger


def string_enum(enum_class: type[StrEnum]) -> Any:
    return Enum(
        enum_class,
        native_enum=False,
        create_constraint=True,
        name=enum_class.__name__.lower(),
        length=32,
        values_callable=lambda e: [s.value for s in e],
    )
