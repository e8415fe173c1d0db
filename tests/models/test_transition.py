"""R18, as the rule words it: the tables the models and the database are held to."""

from models import quote, service_order
from models.quote import QuoteStatus
from models.service_order import LineStatus, OrderStatus


def test_r18_a_quote_is_decided_once() -> None:
    pending = {QuoteStatus.ACCEPTED, QuoteStatus.REJECTED, QuoteStatus.EXPIRED}
    assert {s: set(n) for s, n in quote.QUOTE_TRANSITIONS.items() if n} == {QuoteStatus.PENDING: pending}


def test_r18_a_service_order_goes_from_placed_over_processing_to_its_end() -> None:
    assert {s: set(n) for s, n in service_order.ORDER_TRANSITIONS.items() if n} == {
        OrderStatus.PLACED: {OrderStatus.PROCESSING},
        OrderStatus.PROCESSING: {OrderStatus.COMPLETED, OrderStatus.FAILED},
    }


def test_r18_a_line_moves_only_as_the_rule_says() -> None:
    waiting, charging, settled = LineStatus.WAITING, LineStatus.CHARGING, LineStatus.SETTLED
    declined, customer, unknown = LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER, LineStatus.UNKNOWN
    assert {s: set(n) for s, n in service_order.ORDER_LINE_TRANSITIONS.items() if n} == {
        waiting: {charging, declined},
        charging: {settled, declined, customer, unknown},
        customer: {settled, declined},
        unknown: {charging, settled, declined, customer},
        declined: {charging},
    }


def test_every_state_has_a_row_in_its_table() -> None:
    assert set(quote.QUOTE_TRANSITIONS) == set(QuoteStatus)
    assert set(service_order.ORDER_TRANSITIONS) == set(OrderStatus)
    assert set(service_order.ORDER_LINE_TRANSITIONS) == set(LineStatus)
