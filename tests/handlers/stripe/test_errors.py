"""What Stripe refuses is known by its code, or logged with what Stripe's support needs."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import BillingRequestRejected, TaxLocationInvalid
from bot.use_cases.cart.save import save_cart
from bot.use_cases.operations.doctor import run_checks
from models.errors import Refusal
from tests.fake_stripe import Fault
from tests.handlers.stripe.stripe_orders import ALICE, line, looked_at, placed_only
from tests.stripe_world import StripeWorld, stripe_world

PREVIEW = "/v1/invoices/create_preview"


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


async def get_refusal(world: StripeWorld) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await save_cart(world.services, person=ALICE, account_id="acme", seat_inputs={"acme_meeting": "2"})
    return raised.value


async def test_an_address_that_stripe_tax_cannot_place_is_named(world: StripeWorld) -> None:
    await looked_at(world, ALICE, "acme")
    world.fake.faults.append(Fault("reject", PREVIEW, code="customer_tax_location_invalid", times=9))
    alice = world.person("alice")
    with capture_logs() as logs:
        assert isinstance(await get_refusal(world), TaxLocationInvalid)
        await alice.command("/add-seats", "meeting 2")
        form = await alice.wait_for_modal("cart.save")
        await form.submit()
    shown = await alice.wait_for_modal("refusal.show")
    assert "We can’t work out the tax for this billing address" in shown.text
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_an_address_that_cannot_be_placed_when_it_is_charged_declines_the_line(
    world: StripeWorld,
) -> None:
    await placed_only(world, ALICE, "acme_meeting")
    world.fake.faults.append(Fault("reject", PREVIEW, code="customer_tax_location_invalid", times=9))
    await world.settle()
    assert (await line(world)).reason == "tax_location_invalid"
    assert world.list_paid_totals() == []


@pytest.mark.parametrize("path", [PREVIEW, r"/v1/subscriptions$"])
async def test_an_error_that_nobody_knows_is_no_outage(world: StripeWorld, path: str) -> None:
    """The person is told that it was refused, with Stripe's id of the request; the log has the rest."""
    await looked_at(world, ALICE, "acme")
    world.fake.faults.append(Fault("reject", path, code="parameter_unknown", times=9))
    with capture_logs() as logs:
        refusal = await get_refusal(world)
    assert isinstance(refusal, BillingRequestRejected)
    [entry] = [entry for entry in logs if entry["event"] == "stripe.request_rejected"]
    assert (entry["error"], entry["status"]) == ("parameter_unknown", 400)
    assert entry["stripe_request"] == refusal.variables["reference"] != ""


async def test_doctor_says_that_a_request_is_refused(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("reject", code="parameter_unknown", times=99))
    result = next(f for f in await run_checks(world.services, set()) if f.name == "billing")
    assert not result.passed
    assert "refused" in result.message
