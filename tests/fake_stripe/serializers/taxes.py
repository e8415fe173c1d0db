"""Tax rates and tax ids."""

from typing import Any

import stripe

from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT
from tests.fake_stripe.taxes import TAX_NAMES, ManualTaxRate


def serialize_tax_rate(tax_rate_id: str) -> dict[str, Any]:
    """Its id has the country and the rate: `txr_FR_020`. docs.stripe.com/api/tax_rates/object"""
    _, country, digits = tax_rate_id.split("_")
    percentage = 0.0 if digits == "zero" else float(f"{digits[0]}.{digits[1:]}") * 100
    return fill_object(
        stripe.TaxRate,
        id=tax_rate_id,
        object="tax_rate",
        active=False,
        country=country,
        created=CREATED_AT,
        display_name=TAX_NAMES.get(country, "VAT"),
        effective_percentage=round(percentage, 4),
        inclusive=False,
        jurisdiction=country,
        livemode=False,
        percentage=round(percentage, 4),
    )


def serialize_manual_tax_rate(rate: ManualTaxRate) -> dict[str, Any]:
    """docs.stripe.com/api/tax_rates/object"""
    return fill_object(
        stripe.TaxRate,
        id=rate.id,
        object="tax_rate",
        active=True,
        created=CREATED_AT,
        display_name=rate.display_name,
        inclusive=rate.inclusive,
        livemode=False,
        percentage=rate.percentage,
    )


def serialize_tax_id(tax_id: str, customer: str, type_: str, value: str) -> dict[str, Any]:
    """docs.stripe.com/api/tax_ids/object"""
    return fill_object(
        stripe.TaxId,
        id=tax_id,
        object="tax_id",
        created=CREATED_AT,
        customer=customer,
        livemode=False,
        type=type_,
        value=value,
    )
