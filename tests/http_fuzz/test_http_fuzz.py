"""A share of what `make bad-input` sends: 4xx or a sentence goes out, and nothing of it is logged."""

from tests.http_fuzz.cases import every_field
from tests.http_fuzz.run import open_run

GENERATED = 150
# One field in so many.
PARTS = 60


def test_no_bad_request_breaks_the_server_moves_money_or_leaves_a_trace() -> None:
    """R19, R20: among them every request of a tour through the bot, sent again as it was captured."""
    with open_run() as run:
        before = run.digest_money_tables()
        outcome = run.replay_requests() + run.run_cases(every_field(run.requests, part=0, parts=PARTS))
        outcome += run.run_generated_cases(GENERATED, first=1)
        after = run.digest_money_tables()
    assert outcome.failed == []
    assert after == before
    assert outcome.cases > 350
    assert {"rejected", "replied"} <= outcome.kinds.keys()
