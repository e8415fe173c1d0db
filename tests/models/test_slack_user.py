from datetime import timedelta
from typing import Any

import pytest

from tests.models.examples import NOW, make_slack_user


@pytest.mark.parametrize(
    "person",
    [
        {},
        {"home_team_id": "E01GRID", "enterprise_id": "E01GRID"},
        {"enterprise_id": "E01GRID"},
        {"home_team_id": "T99OTHER", "enterprise_id": "E01GRID"},
    ],
    ids=["of the workspace", "of its organisation", "of a workspace of it", "of another workspace of it"],
)
def test_r5_a_live_person_of_the_workspace_or_its_organisation_is_a_full_member(
    person: dict[str, Any],
) -> None:
    assert make_slack_user(**person).is_full_member


@pytest.mark.parametrize(
    "person",
    [
        {"home_team_id": "T99OTHER"},
        {"home_team_id": ""},
        {"deleted": True},
        {"is_bot": True},
        {"is_guest": True},
        {"is_stranger": True},
    ],
    ids=str,
)
def test_r5_anyone_else_is_not(person: dict[str, Any]) -> None:
    assert not make_slack_user(**person).is_full_member


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(minutes=30), True),
        (timedelta(minutes=30, microseconds=1), False),
        (timedelta(minutes=-1), True),
        (timedelta(minutes=-1, microseconds=-1), False),
        (timedelta(days=1), False),
    ],
)
def test_r5_a_slack_profile_is_fresh_for_half_an_hour(age: timedelta, fresh: bool) -> None:
    assert make_slack_user(refreshed_at=NOW - age).is_fresh(NOW) is fresh


def test_r29_accounts_can_be_theirs_in_each_of_their_workspaces_and_in_their_organisation() -> None:
    alice = make_slack_user(
        team_id="T01ACME", enterprise_id="E01GRID", enterprise_user_id="W01", workspace_ids=["T01ACME", "T02"]
    )
    assert alice.own_team_ids == {"E01GRID", "T01ACME", "T02"}
    assert make_slack_user(home_team_id="T99OTHER").own_team_ids == {"T99OTHER"}


def test_r29_in_an_organisation_a_person_has_one_identity() -> None:
    here = make_slack_user(team_id="T01", user_id="U5", enterprise_id="E01GRID", enterprise_user_id="W01")
    there = make_slack_user(team_id="T02", user_id="W01", enterprise_id="E01GRID", enterprise_user_id="W01")
    assert here.identity_key == there.identity_key == ("E01GRID", "W01")
    assert make_slack_user(team_id="T01", user_id="U5").identity_key == ("T01", "U5")
