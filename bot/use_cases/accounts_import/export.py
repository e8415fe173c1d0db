"""The stored accounts in the format of the accounts file: importing an export changes nothing."""

import hashlib
import json
from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass, field
from typing import Any

import yaml
from sqlmodel import col, select

from bot.db import Database, Session
from bot.use_cases.accounts_import.existing import ExistingAccount, load_accounts
from models.account import Account, AccountNotFound, TaxExemption
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditChainTip
from models.document_sequence import QUOTE_PREFIX
from models.money import to_decimal
from models.product import DEFAULT_PRODUCTS, Product
from models.quote import Quote, QuoteLine
from models.subscription import Subscription
from models.text.control_characters import normalize_line

BATCH_SIZE = 50
FILE_PERIODS = ("month", "year")
# Fields of subscriptions of which a file only has the initial values.
PROVIDER_FIELDS = {"seats", "period", "period_start", "period_end"}
DIGEST_LENGTH = 16


@dataclass
class AccountsExport:
    """`content` is the file's; `omitted` says what a file cannot express, and `warnings` what can't be
    imported everywhere."""

    content: dict[str, Any] = field(default_factory=lambda: {"accounts": [], "products": []})
    omitted: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        content = {name: entries for name, entries in self.content.items() if entries or name == "accounts"}
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


async def export_accounts(database: Database, account_ids: Collection[str] = ()) -> AccountsExport:
    """Exports all open accounts, or those named. Raises AccountNotFound."""
    export = AccountsExport()
    async with database.read() as session:
        ids = await _list_account_ids(session, account_ids)
        for start in range(0, len(ids), BATCH_SIZE):
            for existing, number in await _load_batch(session, ids[start : start + BATCH_SIZE]):
                export.content["accounts"].append(_build_account(export, existing, number))
            session.expunge_all()
        listed = select(Product).where(col(Product.in_catalogue)).order_by(Product.id)
        products = (await session.exec(listed)).all()
    shipped = {product.id: product.model_dump() for product in DEFAULT_PRODUCTS}
    export.content["products"] = [
        {**_drop_empty(p.model_dump(exclude={"in_catalogue"})), "exported_state": compute_product_state(p)}
        for p in products
        if p.model_dump() != shipped.get(p.id)
    ]
    return export


async def load_account_states(session: Session, account_ids: Collection[str]) -> dict[str, str]:
    """Loads what an export would write as `exported_state` now."""
    accounts = await _load_batch(session, [*account_ids]) if account_ids else []
    return {
        existing.account.id: _build_account(AccountsExport(), existing, number)["exported_state"]
        for existing, number in accounts
    }


def compute_product_state(product: Product) -> str:
    return _hash(product.model_dump())


async def _list_account_ids(session: Session, account_ids: Collection[str]) -> list[str]:
    statement = select(Account.id).order_by(Account.id)
    if not account_ids:
        return list((await session.exec(statement.where(col(Account.closed_at).is_(None)))).all())
    found = list((await session.exec(statement.where(col(Account.id).in_(account_ids)))).all())
    if len(found) < len(set(account_ids)):
        raise AccountNotFound
    return found


async def _load_batch(session: Session, ids: list[str]) -> list[tuple[ExistingAccount, int]]:
    quotes = await session.exec(
        select(Quote.number).where(col(Quote.account_id).in_(ids), col(Quote.created_externally))
    )
    # What replaced a quote for another address has a number of ours, and is the same offer.
    numbers = [number for number in quotes.all() if not number.startswith(QUOTE_PREFIX)]
    accounts = await load_accounts(session, ids, numbers)
    tips = await session.exec(select(AuditChainTip).where(col(AuditChainTip.account_id).in_(ids)))
    number_by_account = {tip.account_id: tip.number for tip in tips.all()}
    return [(accounts[id_], number_by_account[id_]) for id_ in ids]


def _build_account(export: AccountsExport, existing: ExistingAccount, entry_number: int) -> dict[str, Any]:
    account = existing.account
    owner = "slack_enterprise" if account.slack_team.startswith("E") else "slack_team"
    values: dict[str, Any] = {
        "id": account.id,
        "name": account.name,
        owner: account.slack_team,
        "channel": account.channel,
        "channel_amounts": account.channel_amounts or None,
        "exported_entry": entry_number,
        "exported_state": None,
        "stripe_customer": account.stripe_customer,
        "pay_by_invoice": account.pay_by_invoice or None,
        "currency": account.currency,
        "tax_rate": account.tax_rate,
        "tax_name": account.tax_name,
        "tax_id": account.tax_id,
        "tax_exemption": None if account.tax_exemption is TaxExemption.NONE else account.tax_exemption.value,
        "po_number": "required" if account.po_number_required else None,
        "locale": account.locale,
        "time_zone": account.time_zone,
        **_build_self_service(account),
        # The provider's may have line breaks, which no accounts file has.
        "billing_address": _drop_empty(
            {name: normalize_line(text) for name, text in account.billing_address.model_dump().items()}
        ),
        "billing_contacts": [_build_contact(contact) for contact in existing.active_contacts],
        "administrators": [],
    }
    if account.stripe_customer is None:
        values["payment_methods"] = [
            _drop_empty(
                {
                    "id": method.id,
                    "brand": method.brand,
                    "last4": method.last4,
                    "expires": f"{method.expiry_year}-{method.expiry_month:02}",
                    "automatic": None if method.automatic else False,
                    "default": True if method.is_default else None,
                }
            )
            for method in existing.payment_methods.values()
            if method.active
        ]
    values["subscriptions"] = [*_build_subscriptions(export, existing)]
    listed_ids = {subscription["id"] for subscription in values["subscriptions"]}
    values["administrators"] = [*_build_administrators(export, existing, listed_ids)]
    values["quotes"] = [*_build_quotes(export, existing, listed_ids)]
    values["exported_state"] = _compute_digest(existing, values)
    return _drop_empty(values)


def _compute_digest(existing: ExistingAccount, values: dict[str, Any]) -> str:
    """The digest covers what an import overwrites: no people whom Slack or an order added, no seats that an
    order assigned, no seats or period of a subscription, and no decisions. The order of rows does not
    matter."""
    content = _omit(values, {"exported_entry", "exported_state"})
    content["billing_contacts"] = [
        contact.model_dump(include={"email", "name", "slack_user"})
        for contact in existing.contacts.values()
        if contact.imported and (contact.active or contact.is_withdrawn_in_slack)
    ]
    content["administrators"] = [
        administrator.model_dump(include={"email", "name"})
        for administrator in existing.administrators.values()
        if administrator.imported and administrator.active
    ]
    content["assigned_seats"] = [
        [seat.administrator_id, seat.subscription_id]
        for seat in existing.seat_assignments.values()
        if seat.order_line_id is None
    ]
    content["subscriptions"] = [_omit(s, PROVIDER_FIELDS) for s in values["subscriptions"]]
    content["quotes"] = [_omit(quote, {"decided"}) for quote in values["quotes"]]
    return _hash({name: _sort_rows(value) for name, value in content.items()})


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    # With a letter: sixteen digits could be a card number, which no file may contain (R23).
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def _omit(values: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _sort_rows(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in value)


def _build_contact(contact: BillingContact) -> dict[str, Any]:
    values = contact.model_dump(include={"email", "name", "slack_user"})
    return _drop_empty({**values, "added_in_slack": None if contact.imported else True})


def _build_self_service(row: Account | Subscription) -> dict[str, Any]:
    if row.self_service and row.self_service_reason is None:
        return {}
    values = {"eligible": row.self_service, "reason": row.self_service_reason}
    return {"self_service": _drop_empty(values)}


def _build_administrators(
    export: AccountsExport, existing: ExistingAccount, listed_ids: Set[str]
) -> Iterator[dict[str, Any]]:
    # Seats are left out if a file doesn't list the subscriptions: those of a linked account are unknown in a
    # new database, and in this one the seats stay.
    for administrator in existing.administrators.values():
        if administrator.active:
            seats = [
                seat.subscription_id
                for (holder, _), seat in existing.seat_assignments.items()
                if holder == administrator.id
            ]
            if not listed_ids >= {*seats}:
                export.omitted.append(f"{existing.account.id}: the seats of {administrator.email}")
                seats = []
            yield _drop_empty({"email": administrator.email, "name": administrator.name, "seats": seats})


def _build_subscriptions(export: AccountsExport, existing: ExistingAccount) -> Iterator[dict[str, Any]]:
    # Those of a linked account are Stripe's: a file only says which of them are not self-service.
    account = existing.account
    for subscription in existing.subscriptions.values():
        if account.stripe_customer and subscription.self_service:
            continue
        if subscription.unit_price is None or subscription.period not in FILE_PERIODS:
            export.omitted.append(f"{account.id}: subscription {subscription.id} has a price of its own kind")
            continue
        values = {
            "id": subscription.id,
            "product": subscription.product_id,
            "seats": subscription.seats,
            "unit_price": _format_amount(subscription.unit_price, account.currency),
            "days_until_due": subscription.days_until_due,
            "tax_rate": subscription.tax_rate,
            "period": str(subscription.period),
            "period_start": subscription.period_start,
            "period_end": subscription.period_end,
            **_build_self_service(subscription),
        }
        yield _drop_empty(values)


def _build_quotes(
    export: AccountsExport, existing: ExistingAccount, listed_ids: Set[str]
) -> Iterator[dict[str, Any]]:
    for quote in existing.quotes.values():
        values = _build_quote(existing, quote)
        if not listed_ids >= {line["subscription"] for line in values["lines"]}:
            export.warnings.append(
                f"{existing.account.id}: quote {quote.number} can only be imported where its subscriptions "
                "are known, not into a new database"
            )
        yield values


def _build_quote(existing: ExistingAccount, quote: Quote) -> dict[str, Any]:
    lines: list[QuoteLine] = existing.quote_lines.get(quote.key, [])
    values: dict[str, Any] = {
        "number": quote.number,
        "expires": quote.expires_at.isoformat(),
        "lines": [
            {
                "subscription": line.subscription_id,
                "seats": line.seats,
                "unit_price": _format_amount(line.unit_price, quote.currency),
            }
            for line in lines
            if line.unit_price is not None
        ],
    }
    if quote.decided_externally and quote.decided_at is not None:
        values["decided"] = {"status": quote.status.value, "at": quote.decided_at.isoformat()}
    return values


def _format_amount(amount: int, currency: str) -> str:
    return str(to_decimal(amount, currency))


def _drop_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
