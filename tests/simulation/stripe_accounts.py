"""The accounts of the simulation at the fake Stripe."""

from dataclasses import replace
from random import Random

from tests.fake_stripe import Card, FakeStripe, StripeRecords
from tests.fake_stripe.accounts import add_account
from tests.simulation.database import Store
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock
from tests.simulation.stripe_setups import set_up_subscription
from tests.simulation.template import ACCOUNTS, EXTERNAL_QUOTE
from tests.yaml_files import read_yaml

API_KEY = "sk_test_fake"
BEHAVIOURS = {"declines": "declined"}


def create_fake_stripe(clock: VirtualClock, random: Random, faults: Faults) -> FakeStripe:
    """Each payment of a card goes as `faults` say."""

    def behave(card: Card) -> Card:
        behaviour = faults.get_card_behaviour()
        return replace(
            card,
            behaviour=BEHAVIOURS.get(behaviour, behaviour),
            processing_seconds=random.randint(1, 7200),
        )

    records = StripeRecords(clock, {"FR": "0.20", "GB": "0.20"}, behave)
    for account in read_yaml(ACCOUNTS)["accounts"]:
        add_account(records, account, share_subscription=True)
    for subscription in records.subscriptions.values():
        set_up_subscription(records, subscription, random)
    return FakeStripe(records, API_KEY)


def choose_unlinked_account(random: Random) -> str:
    """An account whose customer the bot does not know."""
    return "borea" if random.random() < 0.3 else ""


def link_accounts(store: Store, records: StripeRecords, random: Random, unlinked: str) -> None:
    """Also gives the scene's quotes Stripe's prices, which round twice. Now and then the quote made elsewhere
    keeps a price of its own."""
    store.raw.execute("UPDATE account SET stripe_customer = 'cus_' || id WHERE id <> ?", (unlinked,))
    lines = store.rows(
        "SELECT line.id, line.quote_id, subscription_id, seats, strftime('%s', frozen_at) "
        "FROM quote_line AS line JOIN quote ON quote.id = quote_id"
    )
    for line_id, quote_id, subscription_id, seats, at in list(lines):
        subscription, item = records.get_subscription_and_item(subscription_id)
        terms = records.find_tax_terms(subscription)
        prorated = records.build_proration_lines(subscription, item, item.quantity + seats, int(at), terms)
        amount, tax = sum(line.net for line in prorated), sum(line.tax for line in prorated)
        has_other_price = quote_id == EXTERNAL_QUOTE and random.random() < 0.2
        usual_price = None if item.price.tiers or item.price.package else item.price.unit_amount
        price = 1300 if has_other_price else usual_price
        change = "UPDATE quote_line SET amount = ?, tax = ?, unit_price = ? WHERE id = ?"
        store.raw.execute(change, (max(amount, 0), max(tax, 0), price, line_id))
        total = (
            "UPDATE quote SET subtotal = (SELECT sum(amount) FROM quote_line WHERE quote_id = quote.id), "
            "tax = (SELECT sum(tax) FROM quote_line WHERE quote_id = quote.id), "
            "total = (SELECT sum(amount + tax) FROM quote_line WHERE quote_id = quote.id) WHERE id = ?"
        )
        store.raw.execute(total, (quote_id,))
