"""The simulated card network: the beginning of a payment method's id decides the outcome of a charge."""

import re
from datetime import datetime, timedelta

from models.ledger import ChargeStatus, LedgerCharge

DECLINED_CARD_PREFIX = "pm_declined"
SLOW_CARD_PATTERN = re.compile(r"pm_slow_(\d{1,6})")
CONFIRMATION_CARD_PREFIX = "pm_customer"
ABSENT_CUSTOMER_CARD_PREFIX = "pm_customer_never"
LOST_RESPONSE_CARD_PREFIX = "pm_lost"

CUSTOMER_CONFIRMATION_DELAY = timedelta(seconds=20)
CUSTOMER_CONFIRMATION_WINDOW = timedelta(hours=23)


def is_response_lost(payment_method_id: str) -> bool:
    return payment_method_id.startswith(LOST_RESPONSE_CARD_PREFIX)


def decide_initial_status(
    payment_method_id: str, now: datetime, period_end: datetime
) -> tuple[ChargeStatus, datetime | None]:
    if payment_method_id.startswith(DECLINED_CARD_PREFIX):
        return ChargeStatus.DECLINED, None
    if slow_card := SLOW_CARD_PATTERN.match(payment_method_id):
        return ChargeStatus.PENDING, now + timedelta(seconds=int(slow_card[1]))
    if payment_method_id.startswith(CONFIRMATION_CARD_PREFIX):
        return ChargeStatus.NEEDS_CUSTOMER, min(now + CUSTOMER_CONFIRMATION_WINDOW, period_end)
    return ChargeStatus.SETTLED, None


def decide_current_status(charge: LedgerCharge, now: datetime) -> ChargeStatus:
    assert charge.deadline_at is not None, "an undecided charge has a time by which it is decided"
    if charge.status is ChargeStatus.PENDING:
        return ChargeStatus.SETTLED if now >= charge.deadline_at else ChargeStatus.PENDING
    confirmed_at = charge.created_at + CUSTOMER_CONFIRMATION_DELAY
    is_absent = charge.payment_method_id.startswith(ABSENT_CUSTOMER_CARD_PREFIX)
    if not is_absent and confirmed_at < charge.deadline_at and now >= confirmed_at:
        return ChargeStatus.SETTLED
    return ChargeStatus.DECLINED if now >= charge.deadline_at else ChargeStatus.NEEDS_CUSTOMER
