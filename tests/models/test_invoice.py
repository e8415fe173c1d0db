"""An invoice's own states (R18)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.use_cases.invoice.record import find_check_time
from models.errors import ForbiddenTransition
from models.invoice import INVOICE_TRANSITIONS, Invoice, InvoiceStatus, find_invoice_status
from tests.models.examples import an_invoice
from tests.models.states import INVOICE_TRANSITIONS as ALLOWED

AT = datetime(2026, 11, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINAL = {InvoiceStatus.PAID, InvoiceStatus.VOID}


def build_invoice(status: InvoiceStatus = InvoiceStatus.DUE, due_at: datetime | None = None) -> Invoice:
    return an_invoice(status=status, due_at=due_at, issued_at=AT)


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
    ],
)
def test_only_an_unpaid_invoice_becomes_overdue(reported: str, late: int, expected: str) -> None:
    at = AT + timedelta(seconds=late)
    assert find_invoice_status(InvoiceStatus(reported), AT, at) == expected
    assert find_invoice_status(InvoiceStatus(reported), None, at) == reported


def test_the_provider_is_asked_when_it_is_due_and_rarely_after_a_week() -> None:
    assert find_check_time(build_invoice(due_at=AT + HOUR / 2), HOUR, AT) == AT + HOUR / 2
    assert find_check_time(build_invoice(due_at=AT + 2 * HOUR), HOUR, AT) == AT + HOUR
    overdue = build_invoice(InvoiceStatus.OVERDUE, due_at=AT)
    assert find_check_time(overdue, HOUR, AT + HOUR) == AT + 2 * HOUR
    late = AT + timedelta(days=8)
    assert find_check_time(overdue, HOUR, late) == late + timedelta(days=1)
    assert find_check_time(build_invoice(InvoiceStatus.PAID), HOUR, AT) is None


def test_one_that_the_provider_no_longer_shows_is_not_asked_about_without_end() -> None:
    """Still due here, although its time has passed."""
    invoice = build_invoice(due_at=AT)
    assert find_check_time(invoice, HOUR, AT + HOUR) == AT + 2 * HOUR
