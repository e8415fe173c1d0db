from datetime import datetime, timedelta

import pytest

from models.errors import ForbiddenTransition
from models.service_order import (
    LineStatus,
    OrderStatus,
    find_final_status,
    find_reminder_time,
)
from tests.models.examples import NOW, PERIOD_END, make_order, make_order_line
from tests.models.states import LINE_TRANSITIONS, ORDER_TRANSITIONS, list_forbidden

SECOND = timedelta(seconds=1)
RETRY_END = NOW + timedelta(hours=23)
WAITING, CHARGING, SETTLED, DECLINED, NEEDS_CUSTOMER, UNKNOWN = LineStatus
PLACED, PROCESSING, COMPLETED, FAILED = OrderStatus


@pytest.mark.parametrize(("current", "to"), list_forbidden(OrderStatus, ORDER_TRANSITIONS))
def test_r18_no_other_order_status_can_follow(current: OrderStatus, to: OrderStatus) -> None:
    order = make_order(status=current)
    with pytest.raises(ForbiddenTransition):
        order.change_status(to, NOW)
    assert (order.status, order.finished_at) == (current, None)


@pytest.mark.parametrize(("current", "to"), sorted(ORDER_TRANSITIONS))
def test_r18_an_order_moves_and_its_end_has_a_time(current: OrderStatus, to: OrderStatus) -> None:
    order = make_order(status=current, overdue_check_at=NOW)
    order.change_status(to, NOW)
    assert order.status is to
    assert order.is_finished is (to in (COMPLETED, FAILED))
    assert (order.overdue_check_at is None) is order.is_finished


@pytest.mark.parametrize(("current", "to"), sorted(LINE_TRANSITIONS))
def test_what_belonged_to_the_former_status_of_a_line_ends_with_it(
    current: LineStatus, to: LineStatus
) -> None:
    line = make_order_line(
        status=current,
        reason="price_changed",
        customer_link="https://provider.example/",
        deadline_at=NOW,
        remind_at=NOW,
        offered_amount=1,
        offered_tax=1,
    )
    line.change_status(to, NOW)
    assert (line.reason, line.customer_link, line.deadline_at, line.remind_at) == (None,) * 4
    assert (line.offered_amount, line.offered_tax) == (None, None)


@pytest.mark.parametrize(("hours", "reminded_after"), [(23, 21), (4.5, 2.5), (4, None), (1, None)])
def test_a_customer_is_reminded_two_hours_ahead_unless_that_is_soon(
    hours: float, reminded_after: float | None
) -> None:
    expected = None if reminded_after is None else NOW + timedelta(hours=reminded_after)
    assert find_reminder_time(NOW, NOW + timedelta(hours=hours)) == expected


@pytest.mark.parametrize(("current", "to"), list_forbidden(LineStatus, LINE_TRANSITIONS))
def test_r18_no_other_line_status_can_follow(current: LineStatus, to: LineStatus) -> None:
    line = make_order_line(status=current)
    with pytest.raises(ForbiddenTransition):
        line.change_status(to, NOW)
    assert line.status is current


@pytest.mark.parametrize(("current", "to"), sorted(LINE_TRANSITIONS))
def test_r18_a_line_moves_and_forgets_what_the_last_state_needed(current: LineStatus, to: LineStatus) -> None:
    line = make_order_line(status=current, reason="old", customer_link="https://old.example", deadline_at=NOW)
    line.change_status(to, NOW, "new")
    assert (line.status, line.reason, line.customer_link, line.deadline_at) == (to, "new", None, None)
    assert line.settled_at == (NOW if to is SETTLED else None)


@pytest.mark.parametrize("status", LineStatus)
def test_r18_a_line_is_busy_while_a_charge_is_out(status: LineStatus) -> None:
    assert make_order_line(status=status).is_busy is (status in (CHARGING, NEEDS_CUSTOMER, UNKNOWN))


@pytest.mark.parametrize(
    ("at", "can"), [(NOW, True), (RETRY_END - SECOND, True), (RETRY_END, False), (RETRY_END + SECOND, False)]
)
def test_r18_a_declined_line_can_be_retried_for_23_hours(at: datetime, can: bool) -> None:
    line = make_order_line(status=DECLINED)
    assert line.can_retry(make_order(), at) is can
    assert line.is_done(make_order(), at) is not can


@pytest.mark.parametrize(("before_end", "can"), [(SECOND, True), (timedelta(0), False), (-SECOND, False)])
def test_r18_a_declined_line_can_be_retried_until_its_period_ends(before_end: timedelta, can: bool) -> None:
    order = make_order(placed_at=PERIOD_END - timedelta(hours=1))
    line = make_order_line(status=DECLINED)
    assert line.can_retry(order, PERIOD_END - before_end) is can
    assert line.is_done(order, PERIOD_END - before_end) is not can


@pytest.mark.parametrize(
    "order",
    [make_order(retries_abandoned=True), make_order(status=FAILED, finished_at=NOW)],
    ids=["cancelled", "finished"],
)
def test_r18_nothing_of_a_cancelled_or_finished_order_can_be_retried(order: object) -> None:
    line = make_order_line(status=DECLINED)
    assert not line.can_retry(order, NOW)  # type: ignore[arg-type]
    assert line.is_done(order, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [s for s in LineStatus if s is not DECLINED])
def test_only_a_declined_line_can_be_retried(status: LineStatus) -> None:
    assert not make_order_line(status=status).can_retry(make_order(), NOW)


@pytest.mark.parametrize("status", LineStatus)
def test_r18_long_afterwards_a_line_is_done_if_it_settled_or_was_declined(status: LineStatus) -> None:
    at = PERIOD_END + timedelta(days=1)
    assert make_order_line(status=status).is_done(make_order(), at) is (status in (SETTLED, DECLINED))


@pytest.mark.parametrize(
    ("statuses", "at", "outcome"),
    [
        ([SETTLED], NOW, COMPLETED),
        ([SETTLED, SETTLED], NOW, COMPLETED),
        ([SETTLED, DECLINED], RETRY_END - SECOND, None),
        ([SETTLED, DECLINED], RETRY_END, COMPLETED),
        ([DECLINED], RETRY_END - SECOND, None),
        ([DECLINED], RETRY_END, FAILED),
        ([DECLINED, DECLINED], RETRY_END, FAILED),
        ([SETTLED, UNKNOWN], RETRY_END, None),
        ([SETTLED, NEEDS_CUSTOMER], RETRY_END, None),
        ([SETTLED, CHARGING], RETRY_END, None),
        ([SETTLED, WAITING], RETRY_END, None),
    ],
)
def test_r18_an_order_ends_once_every_line_is_done(
    statuses: list[LineStatus], at: datetime, outcome: OrderStatus | None
) -> None:
    assert find_final_status(make_order(), [make_order_line(status=s) for s in statuses], at) is outcome


def test_r18_cancelling_declined_seats_finishes_the_order_immediately() -> None:
    lines = [make_order_line(status=DECLINED), make_order_line(status=SETTLED)]
    assert find_final_status(make_order(), lines, NOW) is None
    assert find_final_status(make_order(retries_abandoned=True), lines, NOW) is COMPLETED


def test_r18_each_line_ends_with_its_own_period() -> None:
    ended = make_order_line(status=DECLINED, period_ends_at=NOW + SECOND)
    open_still = make_order_line(status=DECLINED)
    assert find_final_status(make_order(), [ended], NOW) is None
    assert find_final_status(make_order(), [ended], NOW + SECOND) is FAILED
    assert find_final_status(make_order(), [ended, open_still], NOW + SECOND) is None


def test_r12_processing_is_promised_within_24_hours() -> None:
    assert make_order().processing_deadline == NOW + timedelta(hours=24)
