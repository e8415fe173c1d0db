"""The bot in several workspaces: each installs it, none sees anything of another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from bot.bootstrap import build_installation_store as store_of
from bot.installations.clients import MultiWorkspaceClients, verify_token
from bot.installations.store import EncryptedInstallationStore
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.reminders import mark_overdue_orders
from models.notice import Notice, NoticeStatus
from models.service_order import ServiceOrder
from models.slack_user import SlackUser
from sandbox.driver import Person
from tests.handlers.access.installations import (
    OF_ACME_ALONE,
    install,
    installed_everywhere,
    load_tokens,
)
from tests.handlers.all_screens import COMMANDS, create_order_and_quote, press_everything
from tests.handlers.db_snapshot import get_answer, load_all_rows
from tests.handlers.steps import ForgetfulTasks
from tests.variants import both_databases, get_variant
from tests.world import World


@pytest.fixture
async def workspaces() -> AsyncIterator[World]:
    async with installed_everywhere() as world:
        yield world


# Acme's workspace by itself; then one of an organisation that has installed the bot for all of them.
KINDS = pytest.mark.parametrize("organisation", [False, True], ids=["workspaces", "organisation"])


# --- nothing of another workspace


async def of_others(world: World, person: Person) -> dict[str, list[Any]]:
    """Every row but those of the person's own workspace, as their Home's."""
    team = world.slack.slack.workspace.users[person.id].team_id
    return {
        t: [row for row in rows if team not in str(row)] for t, rows in (await load_all_rows(world)).items()
    }


async def everything(world: World, person: Person, metadata: str) -> dict[str, str]:
    """What every command, button and form answers, whatever the ids in it."""
    answers = {}
    for route in COMMANDS:
        for words in ("", "SO-1001", "SQ-1001", "SQ-1002", "webinar 5"):
            person.client.stack.clear()
            seen = len(person.ephemerals)
            await person.command(route.id, words)
            answers[f"{route.id} {words}"] = await get_answer(world, person, seen)
    await person.open_home()
    await world.dependencies.tasks.wait_until_idle()
    answers["home"] = person.home.text if person.home else ""
    before = await of_others(world, person)
    answers |= await press_everything(world, person, metadata)
    assert await of_others(world, person) == before, "nothing of another workspace can be changed"
    return answers


@pytest.mark.parametrize(
    ("organisation", "who"),
    [
        pytest.param(False, "olga", id="another workspace"),
        pytest.param(True, "olga", id="outside the organisation", marks=pytest.mark.long),
        pytest.param(True, "otto", id="another workspace of the organisation"),
    ],
)
async def test_no_route_shows_or_changes_data_of_another_workspace(organisation: bool, who: str) -> None:
    """R5, R29: every route of the bot, by somebody of another workspace who has Alice's email address."""
    async with installed_everywhere(organisation=organisation) as workspaces:
        metadata = await create_order_and_quote(workspaces)
        for where, said in (await everything(workspaces, workspaces.get_person(who), metadata)).items():
            # What she typed herself may come back to her.
            typed = where.partition(" ")[2] or "nothing"
            assert [word for word in OF_ACME_ALONE if word in said.replace(typed, "")] == [], (where, said)


@KINDS
async def test_a_contacts_user_id_gives_no_access_in_another_workspace(organisation: bool) -> None:
    """R5: as it comes from a channel that the two share."""
    async with installed_everywhere(organisation=organisation) as workspaces:
        await _use_a_contacts_id_elsewhere(workspaces)


async def _use_a_contacts_id_elsewhere(workspaces: World) -> None:
    alice, olga = workspaces.get_person("alice"), workspaces.get_person("olga")
    await workspaces.fill_cart(alice)
    await alice.close_modal()
    await olga.command("/quotes")
    await workspaces.dependencies.tasks.wait_until_idle()
    request = next(r for r in reversed(workspaces.slack.requests) if r.payload.get("command"))
    before = await load_all_rows(workspaces)
    reply = await workspaces.slack.forge(request, lambda payload: payload.update(user_id="U01ALICE"))
    await workspaces.dependencies.tasks.wait_until_idle()
    assert reply.ok
    user = await workspaces.load_row(SlackUser, team_id="T02OTHER", user_id="U01ALICE")
    assert not user.is_full_member
    assert "isn’t available to you" in olga.ephemerals[-1].words
    assert await load_all_rows(workspaces) == before


# --- taking it out again


async def test_a_workspace_that_uninstalls_the_bot_is_removed_and_notified_by_e_mail(
    workspaces: World,
) -> None:
    olga = workspaces.get_person("olga")
    await workspaces.place_order(olga, other_meeting=1)
    await workspaces.slack.uninstall("T02OTHER")
    assert {r.ack.status for r in workspaces.slack.requests[-2:] if r.ack} == {200}
    assert len(await load_tokens(workspaces)) == 2
    assert await workspaces.load_rows(SlackUser, team_id="T02OTHER") == []
    await workspaces.settle()
    assert await workspaces.load_rows(Notice, status=NoticeStatus.WAITING) == []
    [order] = await workspaces.load_rows(ServiceOrder)
    emails = [m for m in workspaces.slack.mail.messages if order.number in m.subject + m.text]
    assert {"olga@other.example"} == {to for mail in emails for to in mail.recipients}
    assert len(emails) > 1, "what Slack could not show any more, and the receipt"

    assert (await install(workspaces, "T02OTHER")).status_code == 200
    await olga.command("/service-orders")
    assert order.number in (await olga.wait_for_modal("service_order.list")).text


async def test_a_person_of_a_workspace_without_the_bot_is_refused(workspaces: World) -> None:
    olga = workspaces.get_person("olga")
    await olga.command("/quotes")
    await workspaces.dependencies.tasks.wait_until_idle()
    command = workspaces.slack.requests[-1]
    installation = workspaces.slack.slack.workspace.teams["T02OTHER"].installation
    assert installation is not None
    installation.bot_token = "xoxb-revoked"
    assert (await workspaces.slack.send_event({"type": "app_uninstalled"}, "T02OTHER")).ok
    await workspaces.slack.redeliver(command)
    await workspaces.dependencies.tasks.wait_until_idle()
    assert "isn’t installed in this workspace" in olga.ephemerals[-1].words


async def test_a_command_is_acknowledged_however_long_the_token_takes(
    workspaces: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, found = EncryptedInstallationStore.find_bot_token, asyncio.Event()

    async def slow(store: EncryptedInstallationStore, team_id: str) -> str | None:
        await found.wait()
        return await read(store, team_id)

    monkeypatch.setattr(EncryptedInstallationStore, "find_bot_token", slow)
    olga = workspaces.get_person("olga")
    reply = await olga.command("/quotes")
    assert reply.request is not None
    assert reply.request.ack is not None
    assert reply.request.ack.status == 200
    assert olga.modal is None
    found.set()
    await workspaces.dependencies.tasks.wait_until_idle()
    assert olga.modal is not None


async def test_revoked_user_tokens_remove_no_installation(workspaces: World) -> None:
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U20OLGA"], "bot": []}}
    assert (await workspaces.slack.send_event(event, "T02OTHER")).ok
    assert len(await load_tokens(workspaces)) == 4


@both_databases
async def test_a_late_uninstall_event_does_not_remove_a_new_installation(
    workspaces: World,
) -> None:
    """Slack may repeat an event for a day."""
    await workspaces.slack.uninstall("T02OTHER")
    late = workspaces.slack.requests[-1]
    assert (await install(workspaces, "T02OTHER")).status_code == 200
    stored_tokens = await load_tokens(workspaces)
    assert (await workspaces.slack.redeliver(late)).ok
    assert await load_tokens(workspaces) == stored_tokens
    olga = workspaces.get_person("olga")
    await olga.command("/quotes")
    await olga.wait_for_modal("quote.list")


@both_databases
async def test_a_replica_with_a_cached_token_does_not_remove_a_new_installation(
    workspaces: World,
) -> None:
    """Another replica has stored the new one meanwhile."""
    settings = workspaces.dependencies.settings
    replica = MultiWorkspaceClients(
        store_of(settings, workspaces.dependencies.database),
        lambda token: AsyncWebClient(token=token, base_url=settings.slack_api_url),
    )
    await replica.get_client("T02OTHER")
    await workspaces.slack.uninstall("T02OTHER")
    assert (await install(workspaces, "T02OTHER")).status_code == 200
    assert await verify_token(replica, "T02OTHER")


@both_databases
async def test_an_uninstallation_that_could_not_be_stored_is_retried(workspaces: World) -> None:
    async with workspaces.dependencies.write() as session:
        await (await session.connection()).execute(text("ALTER TABLE slack_user RENAME TO renamed"))
    if get_variant().transport == "socket":  # Nothing answers: the envelope is waited for to the end.
        workspaces.slack.slack.delivery.ack_seconds = 2
    await workspaces.slack.uninstall("T02OTHER")
    answers = {r.ack.status for r in workspaces.slack.requests if r.kind == "event" and r.ack}
    # Over a socket, an envelope that is not acknowledged comes again.
    assert answers == ({500} if get_variant().transport == "http" else {None})


async def test_account_services_are_notified_in_their_own_workspace(workspaces: World) -> None:
    workspaces.dependencies.tasks = ForgetfulTasks()
    await workspaces.place_order(workspaces.get_person("olga"), other_meeting=1)
    workspaces.clock.move(hours=25)
    assert await mark_overdue_orders(workspaces.dependencies) == 1
    [notice] = await workspaces.load_rows(Notice, destination="services:C08SERVICES")
    assert (notice.account_id, notice.team) == ("other", "T01ACME")
    workspaces.clock.move(seconds=5)
    await deliver_due_notices(workspaces.dependencies)
    assert "SO-1001" in workspaces.list_messages("C08SERVICES")[-1].text
