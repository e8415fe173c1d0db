"""The database refuses, by itself, what there may be one of at most, and values that cannot be."""

from itertools import product
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.ledger import LedgerSubscription
from models.notice import Notice, NoticeKind, NoticeStatus
from models.payment_method import PaymentMethod
from models.quote import QuoteStatus
from models.service_order import AttemptOutcome, LineStatus, OrderStatus
from tests.models.examples import (
    NOW,
    make_account,
    make_audit_entry,
    make_order,
    make_payment_method,
    make_quote,
    make_receipt,
    make_subscription,
)
from tests.models.migrated import (
    Migrated,
    get_next_number,
    make_charge_attempt,
    store_line,
    store_order,
    store_quote,
    store_subscription,
    try_statement,
)

BUSY_STATUSES = (LineStatus.CHARGING, LineStatus.NEEDS_CUSTOMER, LineStatus.UNKNOWN)


@pytest.mark.parametrize(("first", "second"), list(product(BUSY_STATUSES, repeat=2)))
def test_r19_a_subscription_has_one_busy_line(
    migrated: Migrated, first: LineStatus, second: LineStatus
) -> None:
    subscription = store_subscription(migrated)
    store_line(migrated, first, subscription)
    with pytest.raises(IntegrityError, match=r"uq_order_line_busy|subscription_id"):
        store_line(migrated, second, subscription)


@pytest.mark.parametrize("waiting", [s for s in LineStatus if s not in BUSY_STATUSES])
def test_r19_beside_a_busy_line_others_wait_or_are_done(migrated: Migrated, waiting: LineStatus) -> None:
    subscription = store_subscription(migrated)
    store_line(migrated, LineStatus.CHARGING, subscription)
    store_line(migrated, waiting, subscription)


def test_r19_a_line_settles_once_over_all_its_attempts(migrated: Migrated) -> None:
    line_id = store_line(migrated, LineStatus.CHARGING)
    declined, settled = AttemptOutcome.DECLINED, AttemptOutcome.SETTLED
    tries = [declined, declined, None, settled]
    migrated.store(*(make_charge_attempt(line_id, number, outcome) for number, outcome in enumerate(tries)))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_settled|order_line_id"):
        migrated.store(make_charge_attempt(line_id, 9, settled))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_settled|order_line_id"):
        migrated.run(
            "UPDATE charge_attempt SET outcome = 'settled', ended_at = CURRENT_TIMESTAMP "
            f"WHERE order_line_id = {line_id}"
        )


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_r19_a_line_has_one_open_attempt(migrated: Migrated, outcome: AttemptOutcome) -> None:
    line_id = store_line(migrated, LineStatus.UNKNOWN)
    migrated.store(make_charge_attempt(line_id, 1, outcome), make_charge_attempt(line_id, 2, None))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_open|order_line_id"):
        migrated.store(make_charge_attempt(line_id, 3, None))


@pytest.mark.parametrize(
    "change",
    [
        *("outcome = 'settled'", "ended_at = CURRENT_TIMESTAMP", "expected_seats = -1"),
        "outcome = 'lost', ended_at = CURRENT_TIMESTAMP",
    ],
)
def test_impossible_values_of_an_attempt_cannot_be_stored(migrated: Migrated, change: str) -> None:
    line_id = store_line(migrated, LineStatus.CHARGING)
    migrated.store(make_charge_attempt(line_id, 1, None))
    update = f"UPDATE charge_attempt SET {change} WHERE order_line_id = {line_id}"
    assert try_statement(migrated, update) != "allowed"


def test_r3_an_account_has_one_default_method(migrated: Migrated) -> None:
    """A withdrawn one does not count."""
    account_id = f"account-{get_next_number()}"
    migrated.store(make_account(id=account_id))

    def method(**values: bool) -> PaymentMethod:
        return make_payment_method(id=f"pm_{get_next_number()}", account_id=account_id, **values)

    migrated.store(method(is_default=True), method(is_default=True, active=False), method(is_default=False))
    with pytest.raises(IntegrityError, match=r"uq_payment_method_default|account_id"):
        migrated.store(method(is_default=True))


def test_r19_a_quote_makes_one_order(migrated: Migrated) -> None:
    quote_id = store_quote(migrated)
    migrated.store(make_order(number=f"SO-{get_next_number()}", quote_id=quote_id))
    with pytest.raises(IntegrityError, match="quote_id"):
        migrated.store(make_order(number=f"SO-{get_next_number()}", quote_id=quote_id))


def test_r13_an_order_has_one_receipt(migrated: Migrated) -> None:
    order_id = store_order(migrated)
    migrated.store(make_receipt(number=f"R-{get_next_number()}", order_id=order_id))
    with pytest.raises(IntegrityError, match=r"order_id|receipt_no_replace"):
        migrated.store(make_receipt(number=f"R-{get_next_number()}", order_id=order_id))


def test_r19_a_key_names_one_attempt(migrated: Migrated) -> None:
    line_id = store_line(migrated, LineStatus.CHARGING)
    migrated.store(make_charge_attempt(line_id, 1, None))
    with pytest.raises(IntegrityError, match="idempotency_key"):
        migrated.store(
            make_charge_attempt(line_id, 2, None).model_copy(update={"idempotency_key": f"line-{line_id}-1"})
        )


def test_r18_an_entry_has_a_number_of_its_own(migrated: Migrated) -> None:
    number = get_next_number()
    migrated.store(make_audit_entry(number))
    with pytest.raises(IntegrityError, match="number"):
        migrated.store(make_audit_entry(number))


IN_THE_LEDGER: dict[str, Any] = {
    **make_subscription().model_dump(include={"account_id", "seats", "unit_price", "period"}),
    **make_subscription().model_dump(include={"period_start", "period_end"}),
    "id": "sub_x",
    "anchor_day": 1,
}
TO_TELL: dict[str, Any] = {
    "event": "event:x",
    "account_id": "acme",
    "team": "T01ACME",
    "destination": "contact:1",
    "kind": NoticeKind.PORTAL_CHANGED,
    "created_at": NOW,
    "due_at": NOW,
}


@pytest.mark.parametrize("last4", ["42424", "4242424242424242", "424", ""])
def test_r23_nothing_but_four_digits_of_a_card_can_be_stored(migrated: Migrated, last4: str) -> None:
    # PostgreSQL measures the column before the check: another error, the same refusal.
    with pytest.raises(DBAPIError, match=r"last4|too long"):
        migrated.store(make_payment_method(id=f"pm_{get_next_number()}", last4=last4))


@pytest.mark.parametrize(
    "row",
    [
        lambda: make_payment_method(id="pm_x", expiry_month=13),
        lambda: make_quote(number="SQ-x", total=1),
        lambda: make_quote(number="SQ-x", subtotal=-1, tax=0, total=-1),
        lambda: make_quote(number="SQ-x", decided_at=NOW),
        lambda: make_quote(number="SQ-x", status=QuoteStatus.ACCEPTED),
        lambda: make_subscription(id="sub_x", seats=-1),
        lambda: make_subscription(id="sub_x", unit_price=-1),
        lambda: make_subscription(id="sub_x", period_end=make_subscription().period_start),
        lambda: LedgerSubscription(**IN_THE_LEDGER | {"seats": -1}),
        lambda: LedgerSubscription(**IN_THE_LEDGER | {"unit_price": -1}),
        lambda: Notice(**TO_TELL, status=NoticeStatus.DELIVERED),
        lambda: Notice(**TO_TELL, delivered_at=NOW),
    ],
)
def test_r17_impossible_values_cannot_be_stored(migrated: Migrated, row: Any) -> None:
    with pytest.raises(IntegrityError):
        migrated.store(row())


@pytest.mark.parametrize(
    "change",
    [
        *("seats = 0", "seats = -1", "amount = -1", "tax = -1"),
        *("status = 'settled'", "settled_at = CURRENT_TIMESTAMP", "status = 'lost'"),
    ],
)
def test_impossible_values_of_a_line_cannot_be_stored(migrated: Migrated, change: str) -> None:
    line_id = store_line(migrated, LineStatus.CHARGING)
    assert try_statement(migrated, f"UPDATE order_line SET {change} WHERE id = {line_id}") != "allowed"


@pytest.mark.parametrize(
    "change", ["status = 'lost'", "finished_at = CURRENT_TIMESTAMP", "status = 'completed'"]
)
def test_impossible_values_of_an_order_cannot_be_stored(migrated: Migrated, change: str) -> None:
    order_id = store_order(migrated, OrderStatus.PROCESSING)
    assert try_statement(migrated, f"UPDATE service_order SET {change} WHERE id = {order_id}") != "allowed"
