from datetime import timedelta
from typing import Any

import pytest

from tests.models.examples import NOW, a_slack_user


@pytest.mark.parametrize(
    "person",
    [{}, {"home_team_id": "E01GRID", "enterprise_id": "E01GRID"}, {"enterprise_id": "E01GRID"}],
    ids=["of the workspace", "of its organisation", "of a workspace of an organisation"],
)
def test_r5_a_live_person_of_the_workspace_is_a_full_member(person: dict[str, Any]) -> None:
    assert a_slack_user(**person).is_full_member


@pytest.mark.parametrize(
    "person",
    [
        {"home_team_id": "T99OTHER"},
        {"home_team_id": "T99OTHER", "enterprise_id": "E01GRID"},
        {"home_team_id": ""},
        {"deleted": True},
        {"is_bot": True},
        {"is_guest": True},
        {"is_stranger": True},
    ],
    ids=str,
)
def test_r5_anyone_else_is_not(person: dict[str, Any]) -> None:
    assert not a_slack_user(**person).is_full_member


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=1), True),
        (timedelta(hours=1, microseconds=1), False),
        (timedelta(days=1), False),
    ],
)
def test_r5_a_slack_profile_is_fresh_for_an_hour(age: timedelta, fresh: bool) -> None:
    assert a_slack_user(refreshed_at=NOW - age).is_fresh(NOW) is fresh
