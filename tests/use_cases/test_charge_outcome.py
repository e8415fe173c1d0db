from typing import get_args

from bot.billing.gateway import ChargeOutcome
from bot.use_cases.service_order.charge_outcome import OUTCOME_HANDLERS


def test_every_outcome_of_a_charge_has_a_handler() -> None:
    assert set(OUTCOME_HANDLERS) == set(get_args(ChargeOutcome))
