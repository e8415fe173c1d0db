"""Which product of the catalogue an item is of, if Stripe's product says it (R2, R17)."""

from dataclasses import replace

from bot.billing.gateway import Declined, LineRequest, Settled
from tests.billing.conftest import StripeProvider
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS
from tests.billing.scenarios import price_charge
from tests.fake_stripe.prices import Product

PRODUCT = Product("prod_meetings", "Meetings")
MARKED = replace(PRODUCT, metadata={"seatbot_product": "goto-meeting"})


async def test_r17_a_product_that_was_read_before_it_was_marked_is_read_again_before_a_refusal(
    provider: StripeProvider,
) -> None:
    """Another replica may have read it since, and stored an order of it."""
    records = provider.fake.records
    records.use_other_price("sub_month", product=PRODUCT.id, metadata={})
    records.products[PRODUCT.id] = PRODUCT
    charge = replace(await price_charge(provider), product_id="goto-meeting")
    await provider.gateway.list_subscriptions("acme")
    assert await provider.gateway.place_charge(charge) == Declined("product_changed")
    records.products[PRODUCT.id] = MARKED
    assert isinstance(await provider.gateway.place_charge(charge), Settled)

    records.products[PRODUCT.id] = PRODUCT
    provider.clock.advance(600)
    await provider.gateway.list_subscriptions("acme")
    records.products[PRODUCT.id] = MARKED
    line = LineRequest("sub_month", 10, product_id="goto-meeting")
    await provider.gateway.preview_lines("acme", [line], HALF_OF_NOVEMBER, PARIS)
