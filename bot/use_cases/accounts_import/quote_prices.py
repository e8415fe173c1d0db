"""The prices and validity of imported quotes. An import is one transaction, so no provider can be asked."""

from collections.abc import Iterable
from datetime import datetime

from bot.accounts_file.entries import QuoteEntry, QuoteLineEntry
from bot.billing.gateway import LineRequest, Preview, SeatBlockState, SubscriptionState
from bot.billing.pricing import build_tax_terms, price_lines
from bot.use_cases.accounts_import.account_importer import get_current_period
from bot.use_cases.accounts_import.existing import ExistingAccount
from bot.use_cases.accounts_import.import_run import ImportRun
from models.account import Account
from models.money import parse_amount
from models.quote import QuotedPeriod, compute_expiry
from models.subscription.proration import truncate_to_second


def preview_lines(existing: ExistingAccount, lines: list[QuoteLineEntry], at: datetime) -> Preview:
    account = existing.account
    requests = [
        LineRequest(line.subscription, line.seats, _parse_unit_price(line, account.currency))
        for line in lines
    ]
    states = {line.subscription: _build_subscription_state(existing, line.subscription, at) for line in lines}
    rates = {id_: row.tax_rate for id_, row in existing.subscriptions.items()}
    terms = build_tax_terms(account, account.billing_address, rates)
    return price_lines(states, requests, at=truncate_to_second(at), zone=account.time_zone, tax_terms=terms)


def find_unpriced_subscription(existing: ExistingAccount, lines: list[QuoteLineEntry]) -> str | None:
    """Finds the first one without a unit price: only its provider can compute what its seats cost."""
    ids = [line.subscription for line in lines]
    return next((i for i in ids if existing.subscriptions[i].unit_price is None), None)


def compute_quote_expiry(
    run: ImportRun, account: Account, entry: QuoteEntry, lines: Iterable[QuotedPeriod]
) -> datetime:
    """The file's expiry, but not after the end of any line's period (R9)."""
    requested = entry.compute_expiry(account.time_zone)
    expires_at = compute_expiry(account, lines, requested)
    if expires_at < requested:
        run.warnings.append(
            f"{entry.number} would outlive a period of its lines: it ends {expires_at:%Y-%m-%d %H:%M} UTC"
        )
    return expires_at


def _parse_unit_price(line: QuoteLineEntry, currency: str) -> int | None:
    return None if line.unit_price is None else parse_amount(line.unit_price, currency)


def _build_subscription_state(
    existing: ExistingAccount, subscription_id: str, at: datetime
) -> SubscriptionState:
    row = existing.subscriptions[subscription_id]
    period = get_current_period(row, existing.account.get_local_date(at))
    blocks = tuple(SeatBlockState(b.seats, b.unit_price) for b in existing.seat_blocks.get(row.id, []))
    return SubscriptionState(
        row.id,
        row.seats,
        row.unit_price,
        row.period,
        *period,
        blocks,
        pricing=row.pricing,
        outlook=row.outlook,
    )
