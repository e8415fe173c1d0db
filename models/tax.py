"""Tax as documents need it: by rate, why there is none, and what decided it (R28)."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from models.account import Address
from models.column_types import ModelTupleColumn


class TaxTreatment(StrEnum):
    TAXED = "taxed"
    ZERO_RATED = "zero_rated"
    # The buyer accounts for the tax.
    REVERSE_CHARGE = "reverse_charge"
    CUSTOMER_EXEMPT = "customer_exempt"
    PRODUCT_EXEMPT = "product_exempt"
    # The seller collects no tax there.
    NOT_COLLECTED = "not_collected"
    # The provider calculates no tax, although it should.
    NOT_CALCULATED = "not_calculated"


class TaxItem(BaseModel):
    """Tax of one rate, in minor units. `name` is the provider's, such as `VAT`; `percent` is None if it is
    not known, or if there is no tax."""

    model_config = ConfigDict(frozen=True)

    treatment: TaxTreatment = TaxTreatment.TAXED
    name: str = ""
    percent: Decimal | None = None
    taxable_amount: int
    amount: int

    @property
    def rate_key(self) -> tuple[TaxTreatment, str, Decimal | None]:
        return (self.treatment, self.name, self.percent)


class TaxDetails(BaseModel):
    """What a quote's tax depends on. `address` is the one that decides it, if that is not the billing
    address."""

    model_config = ConfigDict(frozen=True)

    buyer_tax_ids: tuple[str, ...] = ()
    address: Address | None = None


def sum_tax_items(items: Iterable[TaxItem]) -> list[TaxItem]:
    """Returns one sum for each rate and treatment, in the order in which they appear."""
    totals: dict[tuple[TaxTreatment, str, Decimal | None], TaxItem] = {}
    for item in items:
        before = totals.get(item.rate_key)
        totals[item.rate_key] = item.model_copy(
            update={
                "taxable_amount": item.taxable_amount + (before.taxable_amount if before else 0),
                "amount": item.amount + (before.amount if before else 0),
            }
        )
    return [*totals.values()]


class TaxItemsColumn(ModelTupleColumn[TaxItem]):
    model = TaxItem
    cache_ok = True


class TaxDetailsColumn(TypeDecorator[TaxDetails]):
    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: TaxDetails | dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, Any]:
        # A dumped row has the value already converted.
        return TaxDetails.model_validate(value or {}).model_dump(mode="json", exclude_defaults=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> TaxDetails:
        return TaxDetails.model_validate(value or {})
