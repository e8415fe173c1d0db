"""The transition tables of the models are those of R18."""

from collections.abc import Iterable, Mapping

import pytest

from models import quote, service_order
from models.quote import QuoteStatus
from models.service_order import LineStatus, OrderStatus
from tests.models import states


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (quote.QUOTE_TRANSITIONS, states.QUOTE_TRANSITIONS),
        (service_order.ORDER_TRANSITIONS, states.ORDER_TRANSITIONS),
        (service_order.ORDER_LINE_TRANSITIONS, states.LINE_TRANSITIONS),
    ],
    ids=["quote", "service order", "order line"],
)
def test_r18_a_state_is_followed_by_the_states_of_the_rule_and_no_other(
    table: Mapping[str, Iterable[str]], expected: set[tuple[str, str]]
) -> None:
    assert {(current, to) for current, following in table.items() for to in following} == expected


def test_every_state_has_a_row_in_its_table() -> None:
    assert set(quote.QUOTE_TRANSITIONS) == set(QuoteStatus)
    assert set(service_order.ORDER_TRANSITIONS) == set(OrderStatus)
    assert set(service_order.ORDER_LINE_TRANSITIONS) == set(LineStatus)
