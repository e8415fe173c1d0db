"""Which receipts of a period go into which email."""

from datetime import date

import pytest

from models.errors import Refusal
from models.receipt import Receipt
from models.receipt_export import (
    MAX_EXPORTED_RECEIPTS,
    MAX_FILES_PER_EMAIL,
    NoReceiptsInPeriod,
    PeriodReversed,
    TooManyReceipts,
    check_exportable,
    get_previous_month,
    split_into_emails,
)
from tests.models.examples import make_receipt


def receipt(number: int, invoice_count: int = 0) -> Receipt:
    usual = make_receipt().lines[0]
    lines = [{**usual, "invoice_number": f"A-{number}-{n}"} for n in range(invoice_count)] or [usual]
    return make_receipt(id=number, lines=lines)


def test_a_mail_has_as_many_files_as_fit_and_a_receipt_stays_together() -> None:
    assert split_into_emails([]) == []
    ids = list(range(1, 2 * MAX_FILES_PER_EMAIL + 2))
    mails = split_into_emails(receipt(n) for n in ids)
    assert [len(mail) for mail in mails] == [MAX_FILES_PER_EMAIL, MAX_FILES_PER_EMAIL, 1]
    assert [id_ for mail in mails for id_ in mail] == ids
    with_invoices = [receipt(1, 15), receipt(2, 3), receipt(3, 1), receipt(4, 50), receipt(5)]
    assert split_into_emails(with_invoices) == [[1, 2], [3], [4], [5]]


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 11, 1), (date(2026, 10, 1), date(2026, 10, 31))),
        (date(2028, 3, 31), (date(2028, 2, 1), date(2028, 2, 29))),
        (date(2027, 1, 15), (date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_by_default_the_period_is_last_month(today: date, month: tuple[date, date]) -> None:
    assert get_previous_month(today) == month


@pytest.mark.parametrize(
    ("last_day", "count", "problem"),
    [
        (date(2026, 10, 1), 1, None),
        (date(2026, 10, 1), MAX_EXPORTED_RECEIPTS, None),
        (date(2026, 10, 1), MAX_EXPORTED_RECEIPTS + 1, TooManyReceipts),
        (date(2026, 10, 1), 0, NoReceiptsInPeriod),
        (date(2026, 9, 30), 0, PeriodReversed),
    ],
)
def test_a_period_is_checked(last_day: date, count: int, problem: type[Refusal] | None) -> None:
    first_day = date(2026, 10, 1)
    if problem is None:
        check_exportable(first_day, last_day, count)
    else:
        with pytest.raises(problem):
            check_exportable(first_day, last_day, count)
