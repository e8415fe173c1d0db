"""What became of a quote, for screens, notices and refusals."""

from datetime import date, datetime, timedelta
from typing import Any

from bot.i18n import Localizer
from models.account import Account
from models.details import QuoteDetails
from models.money import Money
from models.quote import QuoteLine, QuoteStatus
from models.subscription.period_length import PeriodLength


def get_decision_outcome(status: str, *, decided_externally: bool, replaced: bool) -> str:
    if status == QuoteStatus.EXPIRED.value:
        return "replaced" if replaced else "expired"
    return f"{status}-elsewhere" if decided_externally else status


def get_last_day(account: Account, expires_at: datetime) -> date | None:
    day = account.get_local_date(expires_at - timedelta(seconds=1))
    return day if account.get_midnight(day + timedelta(days=1)) == expires_at else None


def build_validity_arguments(account: Account, expires_at: datetime) -> dict[str, object]:
    last_day = get_last_day(account, expires_at)
    return {"whole": "yes" if last_day else "no", "until": last_day or expires_at}


def build_invoice_arguments(details: QuoteDetails) -> dict[str, object]:
    """How many invoices the order will have, and when the first of them is due."""
    terms = details.days_until_invoices_are_due
    first = min((days for days in terms if days is not None), default=None)
    return {
        "count": len(terms),
        "days": first or 0,
        "has_days": "no" if first is None else "yes",
        "differ": "yes" if len({*terms}) > 1 else "no",
    }


def get_charged_days(details: QuoteDetails, line: QuoteLine) -> tuple[date, date]:
    """Returns the first and the last day that are charged, in the account's time zone."""
    first = max(details.account.get_local_date(details.quote.frozen_at), line.period_start)
    return first, max(first, line.period_end - timedelta(days=1))


def format_line_period(localizer: Localizer, details: QuoteDetails, line: QuoteLine) -> str:
    days = get_charged_days(details, line)
    return localizer.format_date_range(*days, details.account.get_local_date(details.at))


def build_reason_arguments(reason: str | None) -> dict[str, str]:
    # Fluent cannot test whether a text is empty.
    return {"has_reason": "yes" if reason else "no", "reason": reason or ""}


def list_renewal_note_keys(details: QuoteDetails) -> list[str]:
    """What the renewal's amounts cover, or why there are none (R27)."""
    if details.is_renewal_total_missing:
        return ["quote-recurring-unknown"]
    if not details.renewal_totals:
        return ["quote-not-renewing"]
    will_all_renew = all(row.will_renew for row in details.rows)
    keys = ["quote-recurring-scope" if will_all_renew else "quote-recurring-partial"]
    if any(row.is_next_period_short for row in details.rows):
        keys.append("quote-recurring-short")
    return keys


def build_renewal_arguments(total: dict[str, Any], currency: str) -> dict[str, object]:
    net, tax = int(total["net"]), int(total["tax"])
    return {
        "period": PeriodLength(str(total["period"])),
        "total": Money(net + tax, currency),
        "net": Money(net, currency),
        "tax": Money(tax, currency),
    }
