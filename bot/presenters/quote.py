"""What became of a quote, for screens, notices and refusals."""

from typing import Any

from models.details import QuoteDetails
from models.money import Money
from models.quote import QuoteStatus
from models.subscription.period_length import PeriodLength


def get_decision_outcome(status: str, *, decided_externally: bool, replaced: bool) -> str:
    if status == QuoteStatus.EXPIRED.value:
        return "replaced" if replaced else "expired"
    return f"{status}-elsewhere" if decided_externally else status


def build_reason_arguments(reason: str | None) -> dict[str, str]:
    """For a text with an optional reason: Fluent cannot test whether a text is empty."""
    return {"has_reason": "yes" if reason else "no", "reason": reason or ""}


def list_renewal_note_keys(details: QuoteDetails) -> list[str]:
    """What the renewal's amounts cover (R27)."""
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
