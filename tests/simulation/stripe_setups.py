"""Random set-ups of subscriptions and customers in Stripe, each of which occurs in real accounts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Literal, get_args

from tests.fake_stripe import StripeRecords
from tests.fake_stripe.prices import Package, Tier
from tests.fake_stripe.records import (
    ApiError,
    Card,
    Customer,
    InvoiceLine,
    Subscription,
    SubscriptionItem,
)
from tests.fake_stripe.subscription_settings import (
    Coupon,
    PauseCollection,
    Schedule,
    SchedulePhase,
    SubscriptionSettings,
)
from tests.fake_stripe.taxes import CustomerTax, ExemptLines, ManualTaxRate

STANDINGS = ("active", "past_due", "unpaid", "paused", "trialing")
# Few orders meet these, so they are more frequent: otherwise a hundred seeds may not refuse one.
OFTEN = ("paused", "trialing") * 2
SetUp = Callable[[StripeRecords, Subscription, Random], str]
# Later than any run, which therefore never reaches the next phase.
NEXT_PHASE, END = (int(datetime(2030, month, 1, tzinfo=UTC).timestamp()) for month in (1, 6))


def set_up_subscription(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    """Changes a few of its settings, and returns their names."""
    chosen = [set_up for set_up in SET_UPS if random.random() < 0.15]
    names = []
    for set_up in chosen:
        names.append(set_up(records, subscription, random))
        _drop_split_coupons(subscription)
    return ", ".join(names) or "as usual"


def place_payment_method(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    """On the subscription only, as Checkout does, as a legacy source, or on the customer. Sometimes it is a
    bank debit, which pending updates do not support."""
    customer = records.customers[subscription.customer]
    usual = subscription.default_payment_method or customer.default_payment_method or customer.default_source
    place, method = random.choice(("subscription", "source", "customer")), usual
    if usual is not None and random.random() < 0.2:
        method = f"pm_sepa_{customer.id}"
        records.cards.setdefault(method, Card(method, customer.id, type="sepa_debit", last4="3000"))
    elif usual is not None and records.cards[usual].type != "card":
        cards = (
            card.id for card in records.cards.values() if card.customer == customer.id and card.type == "card"
        )
        method = next(cards, usual)
    subscription.settings.payment_method_types = random.choice((None, None, ["card"], ["link"]))
    if method is not None:
        subscription.default_payment_method = method if place == "subscription" else None
        customer.default_source = method if place == "source" else None
        customer.default_payment_method = method if place == "customer" else None
    return f"method on the {place}"


def choose_price(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    kind = random.choice(("plain", "inclusive", "package", "graduated", "volume", "currencies", "small"))
    subscription.currency = subscription.charged_currency
    has_several, is_tiered = kind == "currencies", kind in ("graduated", "volume")
    for item in subscription.items:
        # Some orders are below the smallest charge.
        unit_amount = 25 if kind == "small" else item.price.unit_amount
        records.use_other_price(
            item.id,
            unit_amount=unit_amount,
            tax_behavior="inclusive" if kind == "inclusive" else "exclusive",
            package=Package(3) if kind == "package" else None,
            tiers=[Tier(6, 900), Tier(None, 700)] if is_tiered else [],
            tiers_mode="volume" if kind == "volume" else "graduated",
            currency="usd" if has_several else subscription.currency,
            currency_options={subscription.currency: int(unit_amount)} if has_several else {},
        )
    return f"{kind} price"


def choose_subscription_settings(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    settings = SubscriptionSettings(billing_mode=random.choice(("classic", "flexible")))
    kinds = ("nothing", "nothing", "end", "end within a period", "pause", "schedule", "coupon")
    kind = random.choice(kinds)
    match kind:
        case "end":
            settings.cancel_at_period_end = True
        case "end within a period":
            settings.cancel_at = records.now + random.randint(1, 50 * 86400)
        case "pause":
            behaviors: list[Literal["keep_as_draft", "mark_uncollectible", "void"]] = [
                "keep_as_draft",
                "mark_uncollectible",
                "void",
            ]
            settings.pause_collection = PauseCollection(random.choice(behaviors))
        case "schedule":
            quantities = {item.price.id: item.quantity for item in subscription.items}
            phases = [SchedulePhase(0, NEXT_PHASE, quantities), SchedulePhase(NEXT_PHASE, END, quantities)]
            settings.schedule = Schedule("sub_sched_1", phases)
            settings.entered_phase = phases[0]
        case "coupon":
            settings.coupons = [_choose_coupon(subscription, random)]
    subscription.settings = settings
    return f"{kind} ahead"


def _choose_coupon(subscription: Subscription, random: Random) -> Coupon:
    """A percentage, or an amount in the subscription's currency, in another, or in both."""
    currency, unit = subscription.charged_currency, int(subscription.items[0].price.unit_amount)
    return random.choice(
        (
            Coupon("loyalty", "Loyalty", 15),
            Coupon("fixed", "Fixed", amount_off=unit, currency=currency),
            Coupon("foreign", "Foreign", amount_off=unit, currency="usd"),
            Coupon("both", "Both", amount_off=unit, currency="usd", currency_options={currency: unit}),
        )
    )


def _drop_split_coupons(subscription: Subscription) -> None:
    """Stripe doesn't document how it splits an amount among lines."""
    settings, [first, *others] = subscription.settings, subscription.items
    if others or first.price.tiers or settings.itemizes_proration_discounts:
        settings.coupons = [coupon for coupon in settings.coupons if coupon.percent_off]


def choose_standing(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    if subscription.status in STANDINGS:
        subscription.status = random.choice((*("active",) * 3, *STANDINGS, *OFTEN))
        is_trial = subscription.status == "trialing"
        subscription.settings.trial_end = records.now + random.randint(1, 10 * 86400) if is_trial else None
    return str(subscription.status)


def start_foreign_update(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    """Somebody else changes the quantity, and never pays for it: it expires."""
    item = subscription.items[0]
    is_possible = subscription.status == "active" and subscription.pending_update is None
    if not is_possible or not item.current_period_start <= records.now < item.current_period_end:
        return "no foreign update"
    quantity, usual, records.card_network = item.quantity, records.card_network, _never_confirm
    try:
        invoice = records.update_quantity(subscription, item, quantity + 1, records.now)
    except ApiError:
        return "a foreign update refused"
    finally:
        records.card_network = usual
    records.foreign_invoices.add(invoice.id)
    if subscription.pending_update is None:
        # It cost nothing, so it took effect.
        records.set_quantity(item.id, quantity)
        return "a foreign update taken back"
    return "a foreign update pending"


def _never_confirm(card: Card) -> Card:
    return replace(card, behaviour="customer_never")


def choose_tax(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    records.seller_country = random.choice((None, "IE"))
    taxes = {
        "taxed": CustomerTax(),
        "exempt": CustomerTax(exempt="exempt"),
        "reverse": CustomerTax(exempt="reverse"),
        "tax ID": CustomerTax(ids=[("eu_vat", "FR40303265045")]),
        "shipping address": CustomerTax(shipping={"country": "GB", "postal_code": "E1 6AN"}),
        "unknown location": CustomerTax(shipping={"country": "US"}),
    }
    kind = random.choice([*taxes, "taxed", "tax ID"])
    records.customers[subscription.customer].tax = taxes[kind]
    rate = ManualTaxRate("txr_hand", "VAT", 20, inclusive=True)
    records.manual_tax_rates[rate.id] = rate
    records.exempt_lines = random.choice(get_args(ExemptLines))
    subscription.default_tax_rates = [rate] if random.random() < 0.3 else []
    return f"{kind} at a rate set by hand" if subscription.default_tax_rates else kind


def choose_balance(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    customer: Customer = records.customers[subscription.customer]
    customer.balance = random.choice((-100_000, -700, 0, 0, 250))
    return f"balance {customer.balance}"


def choose_pending_items(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    others = [line for line in records.pending_invoice_items if line.subscription != subscription.id]
    records.pending_invoice_items = others
    if random.random() < 0.6:
        return "nothing pending"
    item = subscription.items[0]
    period = (item.current_period_start, item.current_period_end)
    pending = InvoiceLine(item.id, subscription.id, item.price, 1, 900, 0, *period, proration=True)
    records.pending_invoice_items.append(pending)
    return "an item pending"


def meter_usage(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    """Adds an item that is billed by usage beside the seats, or removes it."""
    seats = [item for item in subscription.items if item.price.usage_type == "licensed"]
    is_metered = random.random() < 0.3
    subscription.items = [*seats, _build_metered_item(seats[0])] if is_metered else seats
    return "usage metered" if is_metered else "nothing metered"


def _build_metered_item(beside: SubscriptionItem) -> SubscriptionItem:
    price = replace(
        beside.price,
        id="price_usage",
        product="prod_price_usage",
        unit_amount=3,
        usage_type="metered",
        metadata={},
        package=None,
        tiers=[],
    )
    start, end = beside.current_period_start, beside.current_period_end
    return SubscriptionItem(f"{beside.id}_usage", price, 0, start, end, unbilled_usage=200)


def send_invoices(records: StripeRecords, subscription: Subscription, random: Random) -> None:
    """For everything that is ordered for the subscription."""
    subscription.sends_invoice, subscription.days_until_due = True, random.choice((1, 14))
    records.customers[subscription.customer].metadata["seatbot_pay_by_invoice"] = "true"


def choose_collection(records: StripeRecords, subscription: Subscription, random: Random) -> str:
    """Charged automatically, or by invoice, which the account may or may not be allowed to order on."""
    customer = records.customers[subscription.customer]
    subscription.sends_invoice = random.random() < 0.7
    subscription.days_until_due = random.choice((0, 1, 14))
    customer.metadata["seatbot_pay_by_invoice"] = random.choice(("true", "true", "true", "false"))
    records.finalization_error = random.choice((None, None, None, "customer_tax_location_invalid"))
    return "by invoice" if subscription.sends_invoice else "charged"


SET_UPS: tuple[SetUp, ...] = (
    place_payment_method,
    choose_price,
    choose_subscription_settings,
    choose_standing,
    choose_tax,
    choose_balance,
    choose_pending_items,
    meter_usage,
    start_foreign_update,
    choose_collection,
)
