"""Some of what `make bad-input` sends: the response is 4xx or a sentence, and no payload is logged."""

import asyncio

import pytest

from tests.http_fuzz.cases import list_field_cases
from tests.http_fuzz.run import Hang, open_run, run_bounded

GENERATED = 50
# One of this many fields is tested.
PARTS = 200


def test_no_bad_request_breaks_the_server_moves_money_or_is_logged() -> None:
    """R19, R20: among them every request of a tour through the bot, sent again as it was captured."""
    with open_run() as run:
        before = run.digest_money_tables()
        outcome = run.replay_requests() + run.run_cases(list_field_cases(run.requests, part=0, parts=PARTS))
        outcome += run.run_generated_cases(GENERATED, first=1)
        after = run.digest_money_tables()
    assert outcome.failed == []
    assert after == before
    assert outcome.cases > 250
    assert {"rejected", "replied"} <= outcome.kinds.keys()


def test_a_hang_is_reported_with_the_stacks_of_the_waiting_tasks() -> None:
    async def wait_forever() -> None:
        await asyncio.Event().wait()

    with asyncio.Runner() as runner, pytest.raises(Hang, match="in wait_forever"):
        run_bounded(runner, wait_forever(), 0.01)
