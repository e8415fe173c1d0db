"""An invoice's own states (R18)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.use_cases.invoice.record import find_check_time
from models.errors import ForbiddenTransition
from models.invoice import (
    INVOICE_TRANSITIONS,
    Invoice,
    InvoiceStatus,
    find_invoice_status,
    find_overdue_time,
)
from tests.models.examples import make_invoice
from tests.models.states import INVOICE_TRANSITIONS as ALLOWED

AT = datetime(2026, 11, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINAL = {InvoiceStatus.PAID, InvoiceStatus.VOID}


def build_invoice(status: InvoiceStatus = InvoiceStatus.DUE, due_at: datetime | None = None) -> Invoice:
    return make_invoice(status=status, due_at=due_at, issued_at=AT)


def test_every_status_has_a_row_and_only_paid_and_void_are_final() -> None:
    assert set(INVOICE_TRANSITIONS) == set(InvoiceStatus)
    assert {(a, b) for a, following in INVOICE_TRANSITIONS.items() for b in following} == ALLOWED
    assert {status for status, following in INVOICE_TRANSITIONS.items() if not following} == FINAL
    assert all(following >= FINAL for status, following in INVOICE_TRANSITIONS.items() if status not in FINAL)


def test_a_paid_invoice_stays_paid() -> None:
    invoice = build_invoice(InvoiceStatus.PAID)
    with pytest.raises(ForbiddenTransition):
        invoice.change_status(InvoiceStatus.OVERDUE)


@pytest.mark.parametrize(
    ("reported", "late", "expected"),
    [
        ("due", -1, "due"),
        ("due", 0, "overdue"),
        ("paid", 1, "paid"),
        ("void", 1, "void"),
        ("uncollectible", 1, "uncollectible"),
        ("overdue", -1, "overdue"),
    ],
)
def test_only_an_unpaid_invoice_becomes_overdue(reported: str, late: int, expected: str) -> None:
    at = AT + timedelta(seconds=late)
    assert find_invoice_status(InvoiceStatus(reported), AT, at) == expected
    assert find_invoice_status(InvoiceStatus(reported), None, at) == reported


@pytest.mark.parametrize(
    ("zone", "due_at", "overdue_at"),
    [
        ("UTC", datetime(2026, 12, 10, 9, tzinfo=UTC), datetime(2026, 12, 11, tzinfo=UTC)),
        ("UTC", datetime(2026, 12, 10, tzinfo=UTC), datetime(2026, 12, 11, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 12, 10, 16, tzinfo=UTC), datetime(2026, 12, 11, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 31, 20, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_an_invoice_is_overdue_once_its_due_day_is_over_in_the_accounts_time_zone(
    zone: str, due_at: datetime, overdue_at: datetime
) -> None:
    assert find_overdue_time(due_at, zone) == overdue_at


def test_an_invoice_is_checked_when_its_due_day_is_over_and_rarely_after_a_week() -> None:
    late_evening = AT.replace(hour=23, minute=30)
    due = build_invoice(due_at=AT)
    assert find_check_time(due, "UTC", HOUR, late_evening) == late_evening + HOUR / 2
    assert find_check_time(due, "UTC", HOUR, AT) == AT + HOUR
    overdue = build_invoice(InvoiceStatus.OVERDUE, due_at=AT)
    assert find_check_time(overdue, "UTC", HOUR, AT + HOUR) == AT + 2 * HOUR
    late = AT + timedelta(days=8)
    assert find_check_time(overdue, "UTC", HOUR, late) == late + timedelta(days=1)
    assert find_check_time(build_invoice(InvoiceStatus.PAID), "UTC", HOUR, AT) is None


def test_one_that_the_provider_no_longer_shows_is_not_asked_about_without_end() -> None:
    """Still due here, although its time has passed."""
    invoice = build_invoice(due_at=AT)
    late = AT + timedelta(days=2)
    assert find_check_time(invoice, "UTC", HOUR, late) == late + HOUR
