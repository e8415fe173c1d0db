"""The simulation's accounts in the fake Stripe."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from bot.billing.stripe.currencies import to_minor_units
from models.subscription.proration import get_midnight
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges
from tests.fake_stripe import Card, FakeStripe, StripeRecords
from tests.fake_stripe.accounts import add_account
from tests.fake_stripe.records import Subscription, SubscriptionItem, add_interval
from tests.simulation.database import Store
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock
from tests.simulation.stripe_setups import send_invoices, set_up_subscription
from tests.simulation.template import ACCOUNTS, EXTERNAL_QUOTE
from tests.yaml_files import read_yaml

API_KEY = "sk_test_fake"
BEHAVIOURS = {"declines": "declined"}


@dataclass(frozen=True)
class AccountTerms:
    """Terms of the account `acme` and of its first subscription that cannot change once that exists."""

    currency: str = "EUR"
    interval: tuple[str, int] = ("month", 1)
    shares_subscription: bool = True


def choose_account_terms(random: Random) -> AccountTerms:
    """Among them currencies without decimals and with three, quarters, and weeks that end during the run."""
    return AccountTerms(
        random.choice(("EUR", "EUR", "EUR", "JPY", "KWD")),
        random.choice((("month", 1), ("month", 1), ("month", 3), ("week", 1))),
        random.random() < 0.7,
    )


def create_fake_stripe(
    clock: VirtualClock, random: Random, faults: Faults, terms: AccountTerms
) -> FakeStripe:
    """`faults` choose how each payment by card ends."""

    def behave(card: Card) -> Card:
        behaviour = faults.get_card_behaviour()
        return replace(
            card,
            behaviour=BEHAVIOURS.get(behaviour, behaviour),
            processing_seconds=random.randint(1, 7200),
        )

    records = StripeRecords(clock, {"FR": "0.20", "GB": "0.20"}, behave)
    for account in read_yaml(ACCOUNTS)["accounts"]:
        add_account(records, account, share_subscription=terms.shares_subscription)
    _apply_terms(records, terms)
    for subscription in records.subscriptions.values():
        set_up_subscription(records, subscription, random)
    invoiced_share = random.choice((0.0, 0.0, 0.3, 0.9))
    for subscription in records.subscriptions.values():
        if random.random() < invoiced_share:
            send_invoices(records, subscription, random)
    return FakeStripe(records, API_KEY)


def _apply_terms(records: StripeRecords, terms: AccountTerms) -> None:
    for subscription in records.subscriptions.values():
        for item in subscription.items:
            if subscription.customer == "cus_acme":
                records.use_other_price(item.id, currency=terms.currency.lower())
            if item.id == "si_acme_meeting":
                _set_interval(records, item, *terms.interval)


def _set_interval(records: StripeRecords, item: SubscriptionItem, interval: str, count: int) -> None:
    """The scene's quotes were made on 10 November, which is in the current period."""
    records.use_other_price(item.id, interval=interval, interval_count=count)
    if interval == "week":
        start = date(2026, 11, 8)
        item.current_period_start, item.current_period_end = (
            int(get_midnight(day, "Europe/Paris").timestamp()) for day in (start, start + timedelta(weeks=1))
        )
    item.billing_cycle_anchor = item.current_period_start
    if interval == "month":
        item.current_period_end = add_interval(
            item.current_period_start, item.price, item.billing_cycle_anchor
        )


def _store_invoice_terms(store: Store, records: StripeRecords, subscription: Subscription) -> None:
    """The bot has seen these terms before the scene; without them, the scene's orders are charged."""
    allowed = records.customers[subscription.customer].metadata.get("seatbot_pay_by_invoice") == "true"
    terms = InvoiceTerms(days_until_due=subscription.days_until_due, is_order_allowed=allowed)
    outlook = UpcomingChanges(invoice_terms=terms).model_dump_json()
    for item in subscription.items:
        id_ = item.metadata.get("seatbot_subscription")
        store.raw.execute("UPDATE subscription SET outlook = ? WHERE id = ?", (outlook, id_))


def choose_unlinked_account(random: Random) -> str:
    """An account whose customer the bot does not know."""
    return "borea" if random.random() < 0.3 else ""


def link_accounts(
    store: Store, records: StripeRecords, random: Random, unlinked: str, terms: AccountTerms
) -> None:
    """Also gives the scene's quotes Stripe's prices, which round twice. Sometimes the external quote keeps a
    price of its own."""
    store.raw.execute("UPDATE account SET stripe_customer = 'cus_' || id WHERE id <> ?", (unlinked,))
    store.raw.execute("UPDATE account SET currency = ? WHERE id = 'acme'", (terms.currency,))
    store.raw.execute("UPDATE quote SET currency = ? WHERE account_id = 'acme'", (terms.currency,))
    for subscription in records.subscriptions.values():
        if subscription.sends_invoice:
            _store_invoice_terms(store, records, subscription)
    lines = store.rows(
        "SELECT line.id, line.quote_id, subscription_id, seats, strftime('%s', frozen_at) "
        "FROM quote_line AS line JOIN quote ON quote.id = quote_id"
    )
    for line_id, quote_id, subscription_id, seats, at in list(lines):
        subscription, item = records.get_subscription_and_item(subscription_id)
        tax_terms = records.find_tax_terms(subscription)
        prorated = records.build_proration_lines(
            subscription, item, item.quantity + seats, int(at), tax_terms
        )
        amount, tax = (
            to_minor_units(total, subscription.charged_currency)
            for total in (sum(line.net for line in prorated), sum(line.tax for line in prorated))
        )
        has_different_price = quote_id == EXTERNAL_QUOTE and random.random() < 0.2
        usual_price = None if item.price.tiers or item.price.package else item.price.unit_amount
        price = 1300 if has_different_price else usual_price
        change = "UPDATE quote_line SET amount = ?, tax = ?, unit_price = ? WHERE id = ?"
        store.raw.execute(change, (max(amount, 0), max(tax, 0), price, line_id))
        total = (
            "UPDATE quote SET subtotal = (SELECT sum(amount) FROM quote_line WHERE quote_id = quote.id), "
            "tax = (SELECT sum(tax) FROM quote_line WHERE quote_id = quote.id), "
            "total = (SELECT sum(amount + tax) FROM quote_line WHERE quote_id = quote.id) WHERE id = ?"
        )
        store.raw.execute(total, (quote_id,))
