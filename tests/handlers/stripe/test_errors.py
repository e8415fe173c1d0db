"""What Stripe refuses is known by its code, or logged with what Stripe's support needs."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import BillingRequestRejected, TaxLocationInvalid
from bot.billing.stripe.permissions import NO_SUCH_ID, PROBES
from bot.use_cases.cart.save import save_cart
from bot.use_cases.operations.doctor import run_checks
from bot.use_cases.service_order.reminders import mark_overdue_orders
from models.errors import Refusal
from models.notice import Notice, NoticeKind
from tests.fake_stripe import Fault
from tests.fake_stripe.records import InvoiceLine
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_unprocessed_order,
    refresh_and_open_cart,
)
from tests.stripe_world import StripeWorld, stripe_world

PREVIEW = "/v1/invoices/create_preview"


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


async def get_refusal(world: StripeWorld) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await save_cart(
            world.dependencies, person=ALICE, account_id="acme", seat_inputs={"acme_meeting": "2"}
        )
    return raised.value


async def test_an_address_that_stripe_tax_cannot_locate_is_named(world: StripeWorld) -> None:
    await refresh_and_open_cart(world, ALICE, "acme")
    world.fake.faults.append(Fault("reject", PREVIEW, code="customer_tax_location_invalid", times=9))
    alice = world.get_person("alice")
    with capture_logs() as logs:
        assert isinstance(await get_refusal(world), TaxLocationInvalid)
        await alice.command("/add-seats", "meeting 2")
        form = await alice.wait_for_modal("cart.save")
        await form.submit()
    shown = await alice.wait_for_modal("refusal.show")
    assert "We can’t calculate the tax for this billing address" in shown.text
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_an_address_that_stripe_tax_cannot_locate_at_the_charge_declines_the_line(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.fake.faults.append(Fault("reject", PREVIEW, code="customer_tax_location_invalid", times=9))
    await world.settle()
    assert (await get_order_line(world)).reason == "tax_location_invalid"
    assert world.list_paid_totals() == []


@pytest.mark.parametrize("path", [PREVIEW, r"/v1/subscriptions$"])
async def test_an_unknown_stripe_error_is_not_an_outage(world: StripeWorld, path: str) -> None:
    """The person is told that it was refused, with Stripe's id of the request; the log has the rest."""
    await refresh_and_open_cart(world, ALICE, "acme")
    world.fake.faults.append(Fault("reject", path, code="parameter_unknown", times=9))
    with capture_logs() as logs:
        refusal = await get_refusal(world)
    assert isinstance(refusal, BillingRequestRejected)
    entries = [entry for entry in logs if entry["event"] == "stripe.request_rejected"]
    [entry] = [each for each in entries if each["stripe_request"] == refusal.variables["reference"]]
    assert (entry["error"], entry["status"], entry["action_taken"]) == ("parameter_unknown", 400, "refused")


@contextmanager
def applied(world: StripeWorld, trouble: str | Fault) -> Iterator[None]:
    """A permission that the key lacks, or a fault."""
    if isinstance(trouble, Fault):
        world.fake.faults.append(trouble)
    else:
        world.fake.missing_permissions.add(trouble)
    yield
    world.fake.faults.clear()
    world.fake.missing_permissions.clear()


def reject(status: int, code: str = "") -> Fault:
    return Fault("reject", PREVIEW, code=code, status=status, times=99)


# What Stripe answers, what people read, and what the log says of it, if it is an operator's business.
ANSWERS: dict[str, tuple[str | Fault, str, dict[str, Any]]] = {
    "nothing": (Fault("cut_before", PREVIEW, times=99), "isn’t responding", {}),
    "an error of its own": (Fault("down", PREVIEW, times=99), "is having problems on its side", {}),
    "an outage of what stands before it": (reject(404), "is having problems on its side", {"status": 404}),
    "another request is under way": (Fault("conflict", PREVIEW, times=99), "is busy", {}),
    "too many requests": (Fault("rate_limit", PREVIEW, times=99), "is busy", {}),
    "the object is locked": (reject(429, "lock_timeout"), "is busy", {}),
    "the key has expired": (
        reject(401, "api_key_expired"),
        "Our access to the billing system doesn’t allow this",
        {"error": "api_key_expired", "status": 401, "permission": None},
    ),
    "a permission is missing": (
        "invoice_write",
        "Our access to the billing system doesn’t allow this",
        {"status": 403, "permission": "invoice_write"},
    ),
    "a payment is required": (
        reject(402, "card_declined"),
        "refused this request",
        {"error": "card_declined", "status": 402},
    ),
    "a method that is not allowed": (reject(405), "refused this request", {"status": 405}),
}


async def test_the_refusal_says_what_stripe_answered(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    form = await alice.wait_for_modal("cart.save")
    for answer, (trouble, words, logged) in ANSWERS.items():
        with applied(world, trouble), capture_logs() as logs:
            said = str((await form.submit()).errors)
        assert words in said, answer
        assert ("isn’t responding" in said) is (answer == "nothing"), answer
        errors = [entry for entry in logs if entry["log_level"] == "error"]
        assert bool(errors) is bool(logged), (answer, errors)
        for entry in errors:
            assert logged.items() <= entry.items(), answer
            assert entry["operation"] == "invoices.create_preview"
            assert entry["stripe_request"], answer
    await form.submit()
    await alice.wait_for_modal("quote.review")


async def test_a_tax_that_stripe_cannot_compute_is_named(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    form = await alice.wait_for_modal("cart.save")
    world.records.fails_tax_calculation = True
    assert "can’t calculate the tax right now" in str((await form.submit()).errors)
    world.records.fails_tax_calculation = False
    await form.submit()
    await alice.wait_for_modal("quote.review")


def add_pending_items(world: StripeWorld, count: int) -> None:
    item = world.records.get_item("acme_meeting")
    period = (item.current_period_start, item.current_period_end)
    pending = InvoiceLine(item.id, "sub_of_acme_meeting", item.price, 1, 100, 20, *period, True)
    world.records.pending_invoice_items += [pending] * count


@pytest.mark.parametrize(
    ("count", "words", "reason"),
    [
        (10, "€12.00 of other items", "unrelated_charges"),
        # Stripe lists no second page of a preview.
        (100, "So many other items are waiting to be invoiced", "preview_incomplete"),
    ],
)
async def test_more_pending_items_than_a_preview_shows_are_listed(
    world: StripeWorld, count: int, words: str, reason: str
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    add_pending_items(world, count)
    await world.settle()
    assert (await get_order_line(world)).reason == reason
    assert world.list_paid_totals() == []
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    await (await alice.wait_for_modal("cart.save")).submit()
    assert words in (await alice.wait_for_modal("refusal.show")).text


async def test_a_period_that_ended_before_the_order_is_named(world: StripeWorld) -> None:
    """Somebody starts the billing cycle anew at Stripe: the quote's instant is in the period before."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=2)
    world.clock.move(hours=1)
    world.records.get_item("acme_meeting").current_period_start = world.records.now
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "A billing period of one of these subscriptions has just ended" in refused.text


# Before the charge, and with it; what the line then says, and the log.
REJECTED_CHARGES = {
    "while it is prepared": (reject(400, "parameter_unknown"), "invoices.create_preview", "declined"),
    "the charge itself": (
        Fault("reject", code="parameter_unknown", charges_only=True),
        "subscriptions.update",
        "declined",
    ),
}


@pytest.mark.parametrize("when", REJECTED_CHARGES)
async def test_an_unknown_error_declines_the_line_and_is_logged_once(world: StripeWorld, when: str) -> None:
    fault, operation, action_taken = REJECTED_CHARGES[when]
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    with applied(world, Fault(**vars(fault))), capture_logs() as logs:
        await world.settle()
    assert (await get_order_line(world)).reason == "parameter_unknown"
    [entry] = [entry for entry in logs if entry["event"] == "stripe.request_rejected"]
    assert (entry["operation"], entry["action_taken"]) == (operation, action_taken)
    assert entry["stripe_request"].startswith("req_")
    assert world.list_paid_totals() == []


async def test_r21_a_refused_lookup_leaves_the_line_unknown(world: StripeWorld) -> None:
    """The charge may have gone through: nobody is asked to pay again."""
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    refused = Fault("reject", "/v1/invoices$", code="parameter_unknown", times=999)
    world.fake.before_charge = lambda: world.fake.faults.append(refused)
    world.fake.faults.append(Fault("cut_after", charges_only=True, times=3))
    await world.settle()
    await world.pass_time(hours=25)
    assert (await get_order_line(world)).status == "unknown"
    assert await mark_overdue_orders(world.dependencies) == 1
    assert not await world.load_rows(Notice, kind=NoticeKind.ORDER_DECLINED)
    world.fake.faults.clear()
    await world.pass_time(seconds=11)
    assert (await get_order_line(world)).status == "settled"
    assert len(world.list_paid_totals()) == 1


async def test_a_card_removed_during_its_charge_is_recognised_by_its_error_code(world: StripeWorld) -> None:
    world.fake.before_charge = lambda: world.records.detach_card("pm_acme")
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    with capture_logs() as logs:
        await world.settle()
    assert (await get_order_line(world)).reason == "method_gone"
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_an_invoice_that_cannot_be_voided_is_logged_and_stays_pending(world: StripeWorld) -> None:
    """Stripe documents no code for one that was paid in the meantime: only the invoice tells."""
    world.records.cards["pm_acme"].behaviour = "declined"
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    with applied(world, Fault("reject", "/void$", times=99)), capture_logs() as logs:
        await world.settle()
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["operation"], entry["action_taken"]) == ("invoices.void", "checked_again")
    assert (await get_order_line(world)).status == "charging"
    await world.pass_time(minutes=11)
    assert (await get_order_line(world)).reason == "card_declined"
    assert [invoice.status for invoice in world.records.invoices.values()] == ["void"]


async def test_an_invoice_paid_before_it_is_voided_is_not_an_error(world: StripeWorld) -> None:
    def pay() -> None:
        [invoice] = world.records.invoices.values()
        world.records.pay_invoice(invoice)

    world.records.cards["pm_acme"].behaviour = "declined"
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.fake.before_void = pay
    with capture_logs() as logs:
        await world.settle()
        await world.pass_time(seconds=2)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert (await get_order_line(world)).status == "settled"


async def test_a_key_that_may_not_charge_leaves_the_line_to_be_tried_again(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    with applied(world, "subscription_write"), capture_logs() as logs:
        await world.settle()
    entry = next(entry for entry in logs if entry["event"] == "stripe.api_key_rejected")
    assert (entry["operation"], entry["permission"]) == ("subscriptions.update", "subscription_write")
    assert (await get_order_line(world)).status == "unknown"
    await world.pass_time(seconds=11)
    assert (await get_order_line(world)).status == "settled"


async def test_a_subscription_that_stripe_will_not_renew_has_no_renewal(world: StripeWorld) -> None:
    """By its own code: there is no next invoice to preview."""
    world.fake.faults.append(Fault("reject", PREVIEW, code="invoice_upcoming_none", status=404, times=99))
    with capture_logs() as logs:
        alice = world.get_person("alice")
        await alice.command("/billing")
        overview = await alice.wait_for_modal("account.overview")
    assert "Renews on" not in overview.text
    assert "Current period runs through 30 Nov 2026" in overview.text
    assert [entry for entry in logs if entry["log_level"] in ("error", "warning")] == []


# --- the permissions of the key


async def check_billing(world: StripeWorld) -> tuple[bool | None, str]:
    finding = next(f for f in await run_checks(world.dependencies, set()) if f.name == "billing")
    return finding.passed, finding.message


def find_stripe_name(resource: str, level: str) -> str:
    """Stripe still calls prices plans."""
    name = {"Prices": "plan", "PaymentIntents": "payment_intent"}.get(resource)
    return f"{name or resource.lower().replace(' ', '_').rstrip('s')}_{level}"


async def test_doctor_names_each_permission_that_is_missing_and_changes_nothing(world: StripeWorld) -> None:
    before = len(world.records.events)
    assert (await check_billing(world))[0], "a key that has them all"
    for probe in PROBES:
        with applied(world, find_stripe_name(probe.resource, probe.level)):
            passed, message = await check_billing(world)
        assert not passed
        assert f"the key lacks {probe.resource} ({probe.level})" in message, probe
    with applied(world, "customer_write"), applied(world, "coupon_read"):
        assert "lacks Customers (write), Coupons (read): edit it" in (await check_billing(world))[1]
    probes = [call for call in world.fake.requests if NO_SUCH_ID in f"{call.path} {call.params}"]
    assert {call.status for call in probes} == {403, 404}
    assert len(world.records.events) == before


async def test_doctor_does_not_take_an_outage_for_a_missing_permission(world: StripeWorld) -> None:
    for kind, words in (("down", "status 503"), ("rate_limit", "status 429")):
        with applied(world, Fault(kind, "/v1/coupons", times=9)):  # type: ignore[arg-type]
            passed, message = await check_billing(world)
        assert not passed
        assert words in message
        assert "lacks" not in message


def test_the_permissions_that_are_probed_are_those_of_the_documentation() -> None:
    page = Path("docs/stripe.md").read_text(encoding="utf-8").split("## Permissions of the key", 1)[1]
    rows = re.findall(r"^\| (\w[\w ]+) \| (read|write) \|", page.split("\n## ", 1)[0], re.MULTILINE)
    probed = {probe.resource: probe.level for probe in PROBES}
    assert dict(rows) == probed, "the last level of each is the one that it takes"


async def test_doctor_says_that_a_request_is_refused(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("reject", code="parameter_unknown", times=99))
    result = next(f for f in await run_checks(world.dependencies, set()) if f.name == "billing")
    assert not result.passed
    assert "refused" in result.message
