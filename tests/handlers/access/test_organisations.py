"""Enterprise organisations (R29): one installation for all their workspaces, one person in each of them."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.operations.doctor import run_checks
from bot.use_cases.slack_user import resolve_contact_user
from handlers.install import BOT_SCOPES
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditPerson
from models.home import Home
from models.notice import Notice, NoticeStatus
from models.notice.notification_preferences import NotificationPreferences
from models.service_order import ServiceOrder
from models.slack_user import SlackUser
from sandbox.config import ORGANISATION_ID, SECOND_TEAM_ID
from sandbox.driver import Person
from tests.handlers.access.installations import install, installed_everywhere, load_tokens
from tests.handlers.all_screens import NEUTRAL_REFUSAL, NEUTRAL_REFUSAL_IN_FRENCH, is_free_of_acme
from tests.handlers.db_snapshot import get_answer, load_all_rows
from tests.handlers.steps import capture_log, open_modal
from tests.world import World
from tests.world import world as open_world


@pytest.fixture
async def one_token() -> AsyncIterator[World]:
    """As a developer sandbox or Slack's CLI installs it: SLACK_BOT_TOKEN is the organisation's."""
    async with open_world(organisation=True) as world:
        yield world


@pytest.fixture
async def installed() -> AsyncIterator[World]:
    async with installed_everywhere(organisation=True) as world:
        yield world


async def _bind_to_organisation(world: World, account_id: str) -> None:
    async with world.dependencies.write() as session:
        statement = text("UPDATE account SET slack_team = :team WHERE id = :account")
        connection = await session.connection()
        await connection.execute(statement, {"team": ORGANISATION_ID, "account": account_id})


async def _last_command(world: World, person: Person) -> Any:
    await person.command("/quotes", channel="C01BILLING")
    await world.dependencies.tasks.wait_until_idle()
    await person.close_modal(everything=True)
    return world.slack.requests[-1]


# --- one token


async def test_an_order_is_placed_from_another_workspace_of_the_organisation(one_token: World) -> None:
    alice = one_token.get_person("alice").switch_workspace(SECOND_TEAM_ID)
    await one_token.place_order(alice, acme_meeting=1)
    await one_token.settle()
    kinds = {
        (r.payload.get("type"), "team" in r.payload, bool(r.payload.get("team")))
        for r in _requests(one_token)
    }
    assert ("view_submission", True, False) in kinds, "its payloads name no workspace"
    assert "SO-1001" in one_token.list_messages("C01BILLING")[0].text
    assert any("SO-1001" in dm.text for dm in alice.dms)
    assert one_token.slack.refusals == []


def _requests(world: World) -> list[Any]:
    return [request for request in world.slack.requests if request.payload.get("type") != "event_callback"]


async def test_a_contact_is_one_person_in_all_workspaces(one_token: World) -> None:
    """The cart begun in one is continued in the other; preferences and history know them once."""
    alice = one_token.get_person("alice")
    await one_token.fill_cart(alice, "", acme_meeting=2)
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    await alice.close_modal(everything=True)
    await alice.switch_workspace(SECOND_TEAM_ID).command("/add-seats")
    assert "2" in (await alice.wait_for_modal("cart.save")).text
    await alice.close_modal(everything=True)
    await one_token.place_order(alice, acme_webinar=1)
    await alice.close_modal(everything=True)
    for team in ("T01ACME", SECOND_TEAM_ID):
        await alice.switch_workspace(team).command("/billing", "notifications")
        await alice.wait_for_modal("notification_preferences.save")
        await alice.submit()
        await one_token.dependencies.tasks.wait_until_idle()
    [person] = await one_token.load_rows(AuditPerson, email="alice@acme.example")
    [preferences] = await one_token.load_rows(NotificationPreferences)
    key = (ORGANISATION_ID, "U01ALICE")
    assert (person.team_id, person.user_id) == (preferences.team_id, preferences.user_id) == key


async def test_home_shows_the_same_in_each_workspace_and_follows_changes(one_token: World) -> None:
    alice = one_token.get_person("alice")
    for team in ("T01ACME", SECOND_TEAM_ID):
        await alice.switch_workspace(team).open_home()
        await one_token.dependencies.tasks.wait_until_idle()
        assert alice.home is not None
        assert "Acme SA" in alice.home.text
    await one_token.place_order(alice, acme_meeting=1)
    await one_token.settle()
    assert alice.home is not None
    assert "SO-1001" in alice.home.text
    assert [home.team_id for home in await one_token.load_rows(Home)] == [ORGANISATION_ID]


def _from_workspace(team_id: str) -> Callable[[dict[str, Any]], None]:
    def edit(payload: dict[str, Any]) -> None:
        payload["user"]["team_id"] = team_id

    return edit


def _with_view_of(team_id: str) -> Callable[[dict[str, Any]], None]:
    def edit(payload: dict[str, Any]) -> None:
        payload["view"]["app_installed_team_id"] = team_id

    return edit


def _without_names(payload: dict[str, Any]) -> None:
    payload["team"] = payload["enterprise"] = None
    payload["view"]["app_installed_team_id"] = ORGANISATION_ID
    payload["user"]["team_id"] = ORGANISATION_ID
    payload["is_enterprise_install"] = False


@pytest.mark.parametrize("org_wide", [True, False], ids=["organisation's token", "workspace's token"])
async def test_clicks_are_accepted_from_any_workspace_of_the_organisation_and_from_no_other(
    org_wide: bool,
) -> None:
    """Row by row: what a payload says of where the person and the view belong."""
    async with open_world(organisation=org_wide) as world:
        teams = world.slack.slack.workspace.teams
        if not org_wide:
            for user in world.slack.slack.workspace.users.values():
                if user.team_id == "T01ACME":
                    user.enterprise_id, user.other_teams = ORGANISATION_ID, [SECOND_TEAM_ID]
            teams["T01ACME"].enterprise_id = ORGANISATION_ID
        alice = world.get_person("alice")
        await alice.open_home()
        await world.dependencies.tasks.wait_until_idle()
        await alice.press("service_order.list")
        await world.dependencies.tasks.wait_until_idle()
        request = world.slack.requests[-1]
        accepted = [
            _from_workspace("T01ACME"),
            _from_workspace(SECOND_TEAM_ID),
            _from_workspace(ORGANISATION_ID),
            _with_view_of(SECOND_TEAM_ID),
            *([_without_names] if org_wide else []),
        ]
        for number, edit in enumerate(accepted):
            alice.client.stack.clear()
            await world.slack.forge(request, edit)
            await world.dependencies.tasks.wait_until_idle()
            assert alice.modal is not None, number
            assert alice.modal.callback_id == "service_order.list", (number, alice.modal.text)
        before = await load_all_rows(world)
        alice.client.stack.clear()
        world.clock.move(minutes=2)  # Slack is asked again whether they have joined it.
        await world.slack.forge(request, _from_workspace("T02OTHER"))
        await world.dependencies.tasks.wait_until_idle()
        assert alice.modal is not None
        assert alice.modal.text.split("\n")[0] == NEUTRAL_REFUSAL
        assert {k: v for k, v in (await load_all_rows(world)).items() if k != "slack_user"} == {
            k: v for k, v in before.items() if k != "slack_user"
        }


async def test_a_workspace_that_a_person_has_just_joined_counts_within_a_minute(one_token: World) -> None:
    alice = one_token.get_person("alice")
    one_token.slack.set_user("U01ALICE", other_teams=[])
    await one_token.fill_cart(alice)
    one_token.slack.set_user("U01ALICE", other_teams=[SECOND_TEAM_ID])
    one_token.clock.move(seconds=61)
    alice.switch_workspace(SECOND_TEAM_ID).fill("seats:acme_meeting", 1)
    await alice.submit()
    await alice.wait_for_modal("quote.review")


async def test_an_account_of_the_organisation_is_reached_from_each_workspace(one_token: World) -> None:
    await _bind_to_organisation(one_token, "acme")
    one_token.slack.set_user("U02BENOIT", team_id=SECOND_TEAM_ID, other_teams=[])
    benoit = one_token.get_person("benoit")
    await one_token.place_order(benoit, acme_meeting=1)
    await one_token.settle()
    assert any("SO-1001" in dm.text for dm in benoit.dms)
    assert "SO-1001" in one_token.list_messages("C01BILLING")[0].text


async def test_an_account_of_one_workspace_is_hidden_from_a_colleague_in_another(one_token: World) -> None:
    """R5: Benoît is bound by email; his address is that of somebody of the second workspace alone."""
    one_token.slack.set_user("U02BENOIT", team_id=SECOND_TEAM_ID, other_teams=[])
    benoit = one_token.get_person("benoit")
    await benoit.command("/quotes")
    said = await get_answer(one_token, benoit, len(benoit.ephemerals))
    assert is_free_of_acme(said)
    contact = await one_token.load_row(BillingContact, email="benoit@acme.example")
    dependencies = one_token.dependencies
    assert await resolve_contact_user(dependencies, "T01ACME", contact) is None, "nor is he sent its notices"
    user = await resolve_contact_user(dependencies, SECOND_TEAM_ID, contact)
    assert user is not None
    assert user.user_id == "U02BENOIT"


async def test_a_guest_of_the_organisation_learns_nothing(one_token: World) -> None:
    one_token.slack.set_user("U02BENOIT", is_restricted=True)
    benoit = one_token.get_person("benoit").switch_workspace(SECOND_TEAM_ID)
    await benoit.command("/quotes")
    assert (await get_answer(one_token, benoit, 0)).split("\n")[0] in (
        NEUTRAL_REFUSAL,
        NEUTRAL_REFUSAL_IN_FRENCH,
    )


async def test_a_contact_bound_by_the_organisations_id_is_found_by_an_older_id(one_token: World) -> None:
    """Ids from before the workspace joined the organisation: W… in one answer of Slack, U… in others."""
    async with one_token.dependencies.write() as session:
        connection = await session.connection()
        await connection.execute(
            text("UPDATE billing_contact SET slack_user = 'W77ALICE' WHERE slack_user = 'U01ALICE'")
        )
    one_token.slack.set_user("U01ALICE", enterprise_user_id="W77ALICE")
    alice = one_token.get_person("alice")
    await one_token.place_order(alice, acme_meeting=1)
    await one_token.settle()
    user = await one_token.load_row(SlackUser, user_id="U01ALICE", team_id=ORGANISATION_ID)
    assert user.identity_key == (ORGANISATION_ID, "W77ALICE")
    assert any("SO-1001" in dm.text for dm in alice.dms)

    await alice.close_modal(everything=True)
    form = await open_modal(alice, "/billing", "notifications", "notification_preferences.save")
    await form.fill("wanted", []).submit()
    await one_token.dependencies.tasks.wait_until_idle()
    await alice.close_modal(everything=True)
    await one_token.place_order(alice, acme_meeting=1)
    await one_token.settle()
    assert not any("SO-1002" in dm.text for dm in alice.dms), "she has turned everything off"


async def test_doctor_knows_which_workspaces_the_organisations_token_reaches(one_token: World) -> None:
    await _bind_to_organisation(one_token, "acme")
    found = {check.name: check for check in await run_checks(one_token.dependencies, set(BOT_SCOPES))}
    assert found["slack"].message == f"token and scopes are right in {ORGANISATION_ID}"
    assert "T02OTHER" in found["accounts"].message
    assert "T01ACME" not in found["accounts"].message
    assert "C01BILLING" not in found["channels"].message


async def test_notices_of_a_workspace_without_access_fall_back_to_email(
    one_token: World,
) -> None:
    await one_token.slack.set_access("T01ACME", granted=False)
    alice = one_token.get_person("alice").switch_workspace(SECOND_TEAM_ID)
    await one_token.place_order(alice, acme_meeting=1)
    await one_token.settle()
    assert await one_token.load_rows(Notice, status=NoticeStatus.WAITING) == []
    assert one_token.list_messages("C01BILLING") == []
    assert any("SO-1001" in dm.text for dm in alice.dms)


# --- installed by OAuth


async def test_an_organisation_installs_the_bot_once_for_all_its_workspaces(installed: World) -> None:
    alice, olga = installed.get_person("alice"), installed.get_person("olga")
    await installed.place_order(alice.switch_workspace(SECOND_TEAM_ID), acme_meeting=1)
    await installed.place_order(olga, other_meeting=1)
    await installed.settle()
    posted = {(call.args["channel"], call.team_id) for call in installed.slack.list_calls("chat.postMessage")}
    assert ("C01BILLING", ORGANISATION_ID) in posted
    assert ("C06OTHER", "T02OTHER") in posted
    assert {team for _, team in posted} == {ORGANISATION_ID, "T02OTHER"}
    assert [dm.text for dm in alice.dms if "SO-1002" in dm.text] == []
    assert [dm.text for dm in olga.dms if "SO-1001" in dm.text] == []
    assert installed.slack.refusals == []


async def test_a_bot_removed_from_one_workspace_still_works_in_the_others(installed: World) -> None:
    await _bind_to_organisation(installed, "slow")
    alice, sam = installed.get_person("alice"), installed.get_person("sam")
    stored_tokens = await load_tokens(installed)
    contact = await installed.load_row(BillingContact, slack_user="U01ALICE", account_id="acme")
    assert await resolve_contact_user(installed.dependencies, "T01ACME", contact) is not None
    assert await installed.load_rows(SlackUser, team_id="T01ACME") != []
    await installed.slack.uninstall("T01ACME")
    assert await load_tokens(installed) == stored_tokens
    assert await installed.load_rows(SlackUser, team_id="T01ACME") == []
    seen = len(alice.dms)
    await installed.place_order(sam.switch_workspace(SECOND_TEAM_ID), slow_meeting=1)
    await installed.place_order(alice.switch_workspace(SECOND_TEAM_ID), acme_meeting=1)
    await installed.settle()
    assert await installed.load_rows(Notice, status=NoticeStatus.WAITING) == []
    assert any("SO-1001" in dm.text for dm in sam.dms), "an account of the organisation"
    assert len(alice.dms) == seen, "an account of the workspace that removed the bot"
    assert any("SO-1002" in mail.subject + mail.text for mail in installed.slack.mail.messages)

    await installed.slack.set_access("T01ACME", granted=True)
    assert await installed.dependencies.messenger.is_installed("T01ACME")


async def test_an_organisation_that_uninstalls_the_bot_is_removed_with_all_its_workspaces(
    installed: World,
) -> None:
    alice, olga = installed.get_person("alice"), installed.get_person("olga")
    await installed.place_order(alice, acme_meeting=1)
    contact = await installed.load_row(BillingContact, slack_user="U01ALICE", account_id="acme")
    await resolve_contact_user(installed.dependencies, "T01ACME", contact)
    await open_modal(olga, "/billing", "", "account.overview")
    profiles = await installed.load_rows(SlackUser)
    assert {profile.team_id for profile in profiles} == {ORGANISATION_ID, "T01ACME", "T02OTHER"}
    await installed.slack.uninstall(ORGANISATION_ID)
    assert len(await load_tokens(installed)) == 2, "the other workspace's"
    assert {profile.team_id for profile in await installed.load_rows(SlackUser)} == {"T02OTHER"}
    await installed.settle()
    assert await installed.load_rows(Notice, status=NoticeStatus.WAITING) == []
    [order] = await installed.load_rows(ServiceOrder)
    assert any(order.number in mail.subject + mail.text for mail in installed.slack.mail.messages)
    await olga.command("/service-orders")
    await olga.wait_for_modal("service_order.list")
    assert (await install(installed, ORGANISATION_ID)).status_code == 200
    await alice.command("/service-orders")
    assert order.number in (await alice.wait_for_modal("service_order.list")).text


async def test_a_workspaces_own_installation_takes_precedence_over_its_organisations(
    installed: World,
) -> None:
    assert (await install(installed, "T01ACME")).status_code == 200
    client = await installed.dependencies.messenger.is_installed("T01ACME")
    assert client
    alice = installed.get_person("alice")
    installed.slack.get_channel("C01BILLING").add_bot()
    await installed.place_order(alice, acme_meeting=1)
    await installed.settle()
    posted = {call.team_id for call in installed.slack.list_calls("chat.postMessage")}
    assert posted == {"T01ACME"}


async def test_while_slack_is_unavailable_no_workspace_counts_as_uninstalled(installed: World) -> None:
    """Only Slack says that an organisation's token reaches it: until then its notices wait, and people of an
    unknown workspace are asked to try again."""
    alice = installed.get_person("alice")
    installed.slack.inject_fault("error_500", "auth.teams.list")
    await installed.place_order(alice, acme_meeting=1)
    await alice.close_modal(everything=True)
    await installed.dependencies.tasks.wait_until_idle()
    await deliver_due_notices(installed.dependencies)
    assert [m.subject for m in installed.slack.mail.messages if "Receipt" not in m.subject] == []
    request = await _last_command(installed, alice)

    payload = {**request.payload, "team_id": "T66", "is_enterprise_install": "false"}
    seen = len(alice.ephemerals)
    await installed.slack.slack.delivery.send(request.kind, payload)
    await installed.dependencies.tasks.wait_until_idle()
    assert "Slack" in alice.ephemerals[seen].words
    assert "Try again" in alice.ephemerals[seen].words
    installed.slack.slack.faults.reset()
    await installed.pass_time(minutes=10)
    assert any("SO-1001" in dm.text for dm in alice.dms)


async def test_an_organisations_token_that_slack_rejects_is_not_an_outage(installed: World) -> None:
    """It lacks a scope, say: that concerns none of the other workspaces."""
    alice = installed.get_person("alice")
    request = await _last_command(installed, alice)
    payload = {**request.payload, "team_id": "T66", "is_enterprise_install": "false"}
    await _forget_workspaces(installed)
    installed.slack.inject_fault("error", "auth.teams.list", error="missing_scope")
    installed.slack.slack.traffic.reset()
    seen = len(alice.ephemerals)
    with capture_log(installed) as stream:
        for _ in range(2):
            await installed.slack.slack.delivery.send(request.kind, payload)
            await installed.dependencies.tasks.wait_until_idle()
    assert len(alice.ephemerals) == seen + 2
    assert not any("didn’t respond" in said.words for said in alice.ephemerals[seen:])
    assert len(installed.slack.list_calls("auth.teams.list")) == 1, "it is remembered for a minute"
    assert stream.getvalue().count("organisation.token_rejected") == 1


async def _forget_workspaces(world: World) -> None:
    """As a change of an installation does."""
    assert (await install(world, "T02OTHER")).status_code == 200
