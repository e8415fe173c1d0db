"""Changes made outside the bot: imports, subscriptions and invoices in Stripe, members of the workspace."""

import contextlib
import json
from collections.abc import Collection
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.dependencies import Dependencies
from bot.use_cases.accounts_import.run import ImportOptions, import_accounts
from models.money import get_minor_unit_digits
from tests.fake_stripe import StripeRecords
from tests.simulation.slack import SimulatedSlack
from tests.simulation.stripe_setups import set_up_subscription
from tests.simulation.template import ACCOUNTS


class ExternalChanges:
    """Changes of the accounts file. With `stripe`, accounts name their customers, which have the payment
    methods, except for the `unlinked` one."""

    def __init__(
        self,
        random: Random,
        path: Path,
        stripe: StripeRecords | None = None,
        unlinked: str = "",
        currency: str = "EUR",
    ) -> None:
        self._random, self._path = random, path
        self._file = deepcopy(_read_accounts_file())
        self._stripe = stripe
        if stripe:
            for account in (each for each in self._file["accounts"] if each["id"] != unlinked):
                account["stripe_customer"] = f"cus_{account['id']}"
                del account["payment_methods"]
        self._acme = self._file["accounts"][0]
        self._acme["currency"], self._unit_price = (
            currency,
            "13.00" if get_minor_unit_digits(currency) else "13",
        )
        if not get_minor_unit_digits(currency):
            for subscription in self._acme["subscriptions"]:
                subscription["unit_price"] = subscription["unit_price"].replace(".", "")
        self._quotes = 0
        self._imports = 0

    def change_file(self, at: datetime) -> str:
        """Makes one change, and returns its name."""
        if self._open_quotes and self._random.random() < 0.5:
            return self._decide_quote(at)
        changes = (
            self._add_random_quote,
            self._decide_quote,
            self._decide_quote,
            self._remove_contact,
            self._restore_contacts,
        )
        return self._random.choice((*changes, self._toggle_payment_method, self._toggle_payment_method))(at)

    async def import_file(self, dependencies: Dependencies) -> None:
        """Runs `import` as an operator does."""
        self._imports += 1
        path = self._path.with_name(f"accounts-{self._imports}.yml")
        # JSON is valid YAML, and is parsed faster.
        path.write_text(json.dumps(self._file, ensure_ascii=False), encoding="utf-8")
        overwrite = frozenset({"acme"} if self._random.random() < 0.2 else ())
        # If the file lists only contacts who were removed in Slack, it is refused.
        with contextlib.suppress(InvalidAccountsFile):
            await import_accounts(
                dependencies.database,
                path=path,
                at=dependencies.now(),
                options=ImportOptions(overwrite=overwrite),
            )

    def _add_random_quote(self, at: datetime) -> str:
        return self.add_quote(at, self._random.choice(("acme_meeting", "acme_webinar")))

    def add_quote(self, at: datetime, subscription: str) -> str:
        """A sales representative's quote."""
        self._quotes += 1
        line = {"subscription": subscription, "seats": "3"}
        if self._random.random() < 0.5:
            line["unit_price"] = self._unit_price
        ends = at + timedelta(hours=self._random.choice((1, 30, 60)))
        number = f"Q-{self._quotes + at.day * 100}"
        offered = {"number": number, "expires": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "lines": [line]}
        self._acme.setdefault("quotes", []).append(offered)
        return "quote offered"

    @property
    def _open_quotes(self) -> list[dict[str, Any]]:
        return [quote for quote in self._acme.get("quotes", []) if "decided" not in quote]

    def _decide_quote(self, at: datetime) -> str:
        open_quotes = self._open_quotes
        if not open_quotes:
            return self._add_random_quote(at)
        status = self._random.choice(("accepted", "rejected"))
        self._random.choice(open_quotes)["decided"] = {"status": status, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        return f"quote {status}"

    def _remove_contact(self, at: datetime) -> str:
        contacts = self._acme["billing_contacts"]
        if len(contacts) > 1:
            contacts.pop(self._random.randrange(len(contacts)))
        return "contact removed"

    def _restore_contacts(self, at: datetime) -> str:
        self._acme["billing_contacts"] = deepcopy(_read_accounts_file()["accounts"][0]["billing_contacts"])
        return "contacts restored"

    def _toggle_payment_method(self, at: datetime) -> str:
        """Removes or restores the default method."""
        if self._stripe:
            if self._stripe.cards["pm_1"].customer is None:
                self._stripe.attach_default_card("pm_1", "cus_acme")
                return "method restored"
            self._stripe.detach_card("pm_1")
            return "method removed"
        methods = self._acme["payment_methods"]
        if len(methods) < 3:
            self._acme["payment_methods"] = deepcopy(_read_accounts_file()["accounts"][0]["payment_methods"])
            return "method restored"
        del methods[0]
        return "method removed"


@cache
def _read_accounts_file() -> dict[str, Any]:
    file: dict[str, Any] = yaml.load(ACCOUNTS.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    return file


def change_subscription(
    random: Random, stripe: StripeRecords, subscription_id: str, known_invoices: Collection[str]
) -> str:
    """Makes a change as in Stripe's dashboard, and returns its name. `known_invoices` are those that the bot
    has seen."""
    subscription, item = stripe.get_subscription_and_item(subscription_id)
    changes = ["price archived", "tax changed", "balance changed", "subscription cancelled", "set-up changed"]
    # More likely than another change: the price is sold again, the customer deleted after their subscription.
    if not item.price.active:
        changes += ["price archived"] * 3
    if subscription.status == "canceled":
        changes += ["subscription cancelled"] * 3
    change = random.choice(changes)
    match change:
        case "price archived":
            stripe.set_price_active(item.id, active=not item.price.active)
            change = "price reactivated" if item.price.active else change
        case "tax changed":
            stripe.tax_rates["FR"] = "0.20" if stripe.tax_rates["FR"] != "0.20" else "0.21"
        case "balance changed":
            customer = stripe.customers[subscription.customer]
            customer.balance = random.choice((-100_000, -700, 0, 250))
        case _ if _has_unknown_void_invoice(stripe, subscription.customer, known_invoices):
            change = "nothing"
        case "set-up changed":
            change = set_up_subscription(stripe, subscription, random)
        case _ if subscription.status == "canceled":
            change = "customer deleted"
            if not stripe.customers[subscription.customer].deleted:
                stripe.delete_customer(subscription.customer)
        case _:
            stripe.cancel_subscription(subscription)
    stripe.emit_event("customer.subscription.updated", "subscription", subscription.id)
    return change


def _has_unknown_void_invoice(stripe: StripeRecords, customer: str, known_invoices: Collection[str]) -> bool:
    """The outcome would depend on whether the bot sees it before the subscription ends."""
    return any(
        invoice.is_sent and invoice.status == "void" and invoice.id not in known_invoices
        for invoice in stripe.list_updates()
        if invoice.customer == customer
    )


def change_invoice(random: Random, stripe: StripeRecords, known_invoices: Collection[str]) -> str | None:
    """Changes a sent invoice as its customer or the seller does, and returns the name of the change. Mostly
    one that the bot has seen. None if none is unpaid."""
    unpaid = [
        invoice
        for invoice in stripe.list_updates()
        if invoice.is_sent and invoice.status in ("open", "uncollectible")
        if stripe.subscriptions[invoice.subscription].status != "canceled"
    ]
    if not unpaid:
        return None
    invoice = random.choice([each for each in unpaid if each.id in known_invoices] or unpaid)
    settings = stripe.subscriptions[invoice.subscription].settings
    ends = settings.cancel_at_period_end or settings.cancel_at is not None
    remaining = invoice.amount_due - invoice.partial_payments
    changes = ["paid", "paid", "paid outside"]
    if remaining > 1:
        changes.append("paid in part")
    if not invoice.partial_payments and (invoice.id in known_invoices or not ends):
        changes += ["voided", "voided"]
    if invoice.status == "open":
        changes.append("written off")
    change = random.choice(changes)
    match change:
        case "paid":
            stripe.pay_invoice(invoice)
        case "paid outside":
            stripe.pay_out_of_band(invoice)
        case "paid in part":
            stripe.pay_in_part(invoice, random.randint(1, remaining - 1))
        case "voided":
            stripe.void_invoice(invoice)
        case _:
            stripe.mark_uncollectible(invoice)
    return f"invoice {change}"


def change_member(random: Random, slack: SimulatedSlack) -> str:
    """A member leaves, becomes a guest, changes their email address, or is an ordinary member again."""
    user = random.choice(("U01ALICE", "U02BENOIT"))
    usual = {"deleted": False, "is_guest": False, "email": f"{user[3:].lower()}@acme.example"}
    change: dict[str, Any] = random.choice(
        ({"deleted": True}, {"is_guest": True}, {"email": "new@acme.example"}, {}, {})
    )
    slack.update_member(user, **{**usual, **change})
    return f"{user} {change}"
