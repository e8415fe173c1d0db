"""A postal address, and the one that the provider has for the account's customer."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class Address(SQLModel):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    line1: str
    line2: str = ""
    postal_code: str
    city: str
    state: str = ""
    country: str


class ProviderAddress(SQLModel):
    """What the customer had at the provider when it was read, parts of which may be blank; None if nothing.
    `read_at` is when the request was sent: what was written later may be missing."""

    customer_id: str
    address: Address | None
    read_at: datetime

    def is_same_as(self, other: "ProviderAddress | None") -> bool:
        return other is not None and (self.customer_id, self.address) == (other.customer_id, other.address)


class ProviderAddressColumn(TypeDecorator[ProviderAddress]):
    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(
        self, value: ProviderAddress | dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, Any] | None:
        # A dumped row has the value already converted.
        return None if value is None else ProviderAddress.model_validate(value).model_dump(mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> ProviderAddress | None:
        return None if value is None else ProviderAddress.model_validate(value)
