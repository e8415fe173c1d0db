"""The bot in several workspaces: each installs it, none sees anything of another."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from cryptography.fernet import Fernet
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select, update

from bot.bootstrap import installations as store_of
from bot.installations.clients import ManyWorkspaces, works
from bot.installations.store import EncryptedInstallations, Rotation
from bot.use_cases.delivery import deliver_due_notices
from bot.use_cases.doctor import diagnose
from bot.use_cases.order_watch import tell_overdue
from handlers.install import SCOPES
from models.installation import TOKENS, bots, installations, oauth_states
from models.notice import Notice, NoticeStatus
from models.service_order import ServiceOrder
from models.slack_user import SlackUser
from sandbox import Sandbox
from sandbox.driver import Person
from tests.handlers.everything import (
    COMMANDS,
    NAMES,
    OF_ACME,
    acme_has_an_order_and_a_quote,
    press_everything,
)
from tests.handlers.evidence import answer, stored
from tests.handlers.steps import ForgetfulTasks, swap
from tests.replica import replicas
from tests.world import DOOR, WORKSPACE, World
from tests.world import world as open_world

CLIENT_ID, CLIENT_SECRET = "1000.2000", "sandbox-client-secret"  # as the sandbox has them
# Olga's own card has the same last digits.
OF_ACME_ALONE = {*OF_ACME, *NAMES} - {"4242"}
KEY = Fernet.generate_key().decode()


def two_workspaces() -> dict[str, Any]:
    """tests/workspace.yml, with nobody's app installed yet, and a second workspace of as many rights."""
    listed: dict[str, Any] = yaml.safe_load(WORKSPACE.read_text(encoding="utf-8"))
    listed["app"]["manifest"] = str(WORKSPACE.parents[1] / "manifest.yml")
    listed["teams"] = [{**team, "installed": False} for team in listed["teams"]]
    listed["channels"].append({"id": "C06OTHER", "name": "other", "team": "T02OTHER", "members": ["U20OLGA"]})
    return listed


@asynccontextmanager
async def open_workspaces(**settings: Any) -> AsyncIterator[World]:
    many: Any = {"slack_client_id": CLIENT_ID, "slack_client_secret": CLIENT_SECRET, "token_keys": KEY}
    many |= {"account_services_team": "T01ACME", **settings}
    async with open_world(workspace=two_workspaces(), **many) as world:
        world.slack.slack.workspace.config.app.redirect_url = (
            f"http://127.0.0.1:{world.port}/slack/oauth_redirect"
        )
        yield world


@pytest.fixture
async def workspaces() -> AsyncIterator[World]:
    async with open_workspaces() as world:
        for team, channels in (("T01ACME", ["C01BILLING", "C07GENERAL"]), ("T02OTHER", ["C06OTHER"])):
            assert (await install(world, team)).status_code == 200
            for channel in channels:
                world.slack.channel(channel).add_bot()
        yield world


async def asked_of_slack(world: World, client: httpx.AsyncClient) -> tuple[str, str]:
    """The address of Slack's page, and the cookie that ties it to this browser."""
    answer = await client.get(f"http://127.0.0.1:{world.port}/slack/install")
    assert answer.status_code == 302
    # It is for HTTPS alone; here it is carried by hand.
    return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


async def install(world: World, team: str) -> httpx.Response:
    """As somebody does in a browser: from the bot's page over Slack's and back."""
    async with httpx.AsyncClient(timeout=20) as client:
        page, cookie = await asked_of_slack(world, client)
        assert "Allow Seatbot in" in (await client.get(page)).text
        allowed = await client.get(f"{page}&allow={team}")
        return await client.get(allowed.headers["location"], headers={"Cookie": cookie})


async def tokens(world: World) -> list[str]:
    async with world.services.database.engine.connect() as connection:
        columns = [table.c[name] for table in (bots, installations) for name in TOKENS if name in table.c]
        rows = [row for c in columns for row in (await connection.execute(select(c))).scalars()]
    return [token for token in rows if token]


# --- installing


async def test_two_workspaces_install_the_bot_and_each_is_called_with_its_own_token(
    workspaces: World,
) -> None:
    alice, olga = workspaces.person("alice"), workspaces.person("olga")
    await workspaces.order(alice, acme_meeting=1)
    await workspaces.order(olga, other_meeting=1)
    await workspaces.settle()
    posted = {(call.args["channel"], call.team_id) for call in workspaces.slack.calls("chat.postMessage")}
    assert ("C01BILLING", "T01ACME") in posted
    assert ("C06OTHER", "T02OTHER") in posted
    assert {"T01ACME", "T02OTHER"} == {team for _, team in posted}
    assert olga.dms
    assert [dm.text for dm in alice.dms if "SO-1002" in dm.text] == []
    assert [dm.text for dm in olga.dms if "SO-1001" in dm.text] == []
    assert workspaces.slack.refusals == []


async def test_tokens_are_encrypted_where_they_are_stored(workspaces: World) -> None:
    found = await tokens(workspaces)
    assert len(found) == 4
    assert [token for token in found if "xox" in token] == []
    opened = {Fernet(KEY).decrypt(token).decode() for token in found}
    assert opened == {i.bot_token for i in workspaces.slack.slack.workspace.installations}


async def test_keys_are_changed_without_installing_anew(workspaces: World) -> None:
    services, new = workspaces.services, Fernet.generate_key().decode()

    def store(keys: str) -> Any:
        changed = services.settings.model_copy(update={"token_keys": SecretStr(keys)})
        return store_of(changed, services.database)

    both, renewed = store(f"{new},{KEY}"), store(new)
    before = await both.token_of("T02OTHER")
    assert before.startswith("xoxb-")
    assert await renewed.token_of("T02OTHER") is None, "the old key is needed still"
    assert await both.rotate() == Rotation(renewed=4, closed=0)
    assert await renewed.token_of("T02OTHER") == before
    assert await store(KEY).token_of("T02OTHER") is None
    # A key that was lost, and with it what it closed, holds up no other.
    await install(workspaces, "T02OTHER")
    assert await store(KEY).rotate() == Rotation(renewed=2, closed=2)
    await install(workspaces, "T01ACME")
    assert await store(KEY).rotate() == Rotation(renewed=4, closed=0)


async def test_with_a_key_that_opens_nothing_no_key_may_go(workspaces: World, tmp_path: Path) -> None:
    async def rotate(keys: str) -> tuple[int, str]:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "SLACK_SIGNING_SECRET": "any",
            "DATABASE_URL": workspaces.services.settings.database_url,
            "TOKEN_KEYS": keys,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(WORKSPACE.parents[1] / "app.py"), "rotate-keys"),
            cwd=tmp_path,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        shown, _ = await process.communicate()
        return process.returncode or 0, shown.decode()

    before, new = await tokens(workspaces), Fernet.generate_key().decode()
    code, shown = await rotate(new)
    assert code == 1
    assert "4 rows could not be opened with any key: keep every old key" in shown
    assert "can go" not in shown
    assert await tokens(workspaces) == before
    code, shown = await rotate(f"{new},{KEY}")
    assert code == 0
    assert "4 rows are encrypted with the first key; the others can go" in shown


async def test_an_installation_is_begun_and_ended_in_one_browser_and_once(workspaces: World) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        page, cookie = await asked_of_slack(workspaces, client)
        back = (await client.get(f"{page}&allow=T01ACME")).headers["location"]
        assert (await client.get(back)).status_code == 400, "another browser"
        forged = back.replace(parse_qs(urlsplit(back).query)["state"][0], "0" * 36)
        wrong = {"Cookie": f"slack-app-oauth-state={'0' * 36}"}
        assert (await client.get(forged, headers=wrong)).status_code == 401
        assert (await client.get(back, headers={"Cookie": cookie})).status_code == 200
        assert (await client.get(back, headers={"Cookie": cookie})).status_code == 401, "used up"
        refused = await client.get(back.partition("?")[0] + "?error=access_denied")
        assert refused.status_code == 200
    async with workspaces.services.database.engine.connect() as connection:
        assert (await connection.execute(select(oauth_states.c.state))).all() == []


async def test_where_an_installation_fails_its_reference_is_shown_and_logged(
    workspaces: World, capsys: pytest.CaptureFixture[str]
) -> None:
    workspaces.slack.fault("cut_before", "oauth.v2.access")
    failed = await install(workspaces, "T01ACME")
    assert failed.status_code == 500
    found = re.search(r"\b[0-9a-f]{8}\b", failed.text)
    assert found, failed.text
    assert found[0] in capsys.readouterr().out
    assert "code=" not in failed.text


async def test_a_wrong_client_secret_is_logged_with_the_reference_that_the_person_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with open_workspaces(slack_client_secret="another-client-secret") as world:
        failed = await install(world, "T01ACME")
    assert failed.status_code == 500
    found = re.search(r"\b[0-9a-f]{8}\b", failed.text)
    assert found, failed.text
    [line] = [line for line in capsys.readouterr().out.splitlines() if "installation failed" in line]
    assert found[0] in line
    assert "error" in line
    assert "bad_client_secret" in line
    assert "another-client-secret" not in line


async def test_a_wrong_code_is_the_persons_to_mend(workspaces: World) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        page, cookie = await asked_of_slack(workspaces, client)
        back = (await client.get(f"{page}&allow=T01ACME")).headers["location"]
        wrong = back.replace(parse_qs(urlsplit(back).query)["code"][0], "0" * 32)
        assert (await client.get(wrong, headers={"Cookie": cookie})).status_code == 401


async def test_a_token_is_looked_up_once_for_many_requests(workspaces: World) -> None:
    workspaces.slack.slack.traffic.reset()
    alice = workspaces.person("alice")
    for _ in range(3):
        await alice.command("/quotes", "help")
    assert workspaces.slack.calls("auth.test") == []


async def test_serve_takes_it_from_the_environment_and_leaves_no_file_behind(tmp_path: Path) -> None:
    """Slack's library has stores of its own, in files, for whoever sets these two and nothing else."""
    async with Sandbox.start(two_workspaces()) as slack:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(tmp_path),
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "TOKEN_KEYS": KEY,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "LOG_FORMAT": "json",
        }
        async with replicas(1, environment, tmp_path) as [replica], httpx.AsyncClient(timeout=20) as client:
            answer = await client.get(f"http://127.0.0.1:{replica.port}/slack/install")
            assert answer.headers["location"].startswith(slack.page_url + "oauth/v2/authorize?")
            assert replica.errors() == []
    left = {Path(name).suffix for name in os.listdir(tmp_path)}
    assert left <= {".db", ".db-shm", ".db-wal", ".log"}


async def test_doctor_looks_at_every_workspace() -> None:
    async with open_workspaces() as world:
        found = {finding.about: finding for finding in await diagnose(world.services, set(SCOPES))}
        assert found["slack"].well is None
        assert "/slack/install" in found["slack"].words
        for team in ("T01ACME", "T02OTHER"):
            await install(world, team)
        world.slack.slack.workspace.teams["T02OTHER"].installation.scopes.remove("chat:write")  # type: ignore[union-attr]
        found = {finding.about: finding for finding in await diagnose(world.services, set(SCOPES))}
        assert found["slack"].words.startswith("the token of T02OTHER lacks chat:write")
        assert "(and 2 more)" in found["channels"].words


async def test_doctor_tells_a_workspace_that_has_not_installed_from_one_whose_token_no_key_opens() -> None:
    async with open_workspaces() as world:
        await install(world, "T01ACME")
        found = {finding.about: finding for finding in await diagnose(world.services, set(SCOPES))}
        assert found["accounts"].well is False
        assert "the workspace of other (T02OTHER): " in found["accounts"].words
        assert found["slack"].well
        absent = (
            "in T02OTHER no channel could be looked at: the bot is not installed there; the bot is not in C"
        )
        assert found["channels"].words.startswith(absent)

        await install(world, "T02OTHER")
        another = Fernet(Fernet.generate_key()).encrypt(b"xoxb-closed").decode()
        async with world.services.database.writer.begin() as connection:
            await connection.execute(
                update(bots).where(bots.c.team_id == "T02OTHER").values(bot_token=another)
            )
        found = {finding.about: finding for finding in await diagnose(world.services, set(SCOPES))}
        assert found["accounts"].well
        closed = "T02OTHER cannot be called: no key of TOKEN_KEYS opens its token"
        assert found["slack"].words == closed
        assert "in T02OTHER no channel could be looked at: no key of TOKEN_KEYS" in found["channels"].words


# --- nothing of another workspace


async def of_others(world: World, person: Person) -> dict[str, list[Any]]:
    """Every row but those of the person's own workspace, as their Home's."""
    team = world.slack.slack.workspace.users[person.id].team_id
    return {t: [row for row in rows if team not in str(row)] for t, rows in (await stored(world)).items()}


async def everything(world: World, person: Person, metadata: str) -> dict[str, str]:
    """What every command, button and form answers, whatever the ids in it."""
    answers = {}
    for route in COMMANDS:
        for words in ("", "SO-1001", "SQ-1001", "SQ-1002", "webinar 5"):
            person.client.stack.clear()
            seen = len(person.ephemerals)
            await person.command(route.id, words)
            answers[f"{route.id} {words}"] = await answer(world, person, seen)
    await person.open_home()
    await world.services.tasks.settle()
    answers["home"] = person.home.text if person.home else ""
    before = await of_others(world, person)
    answers |= await press_everything(world, person, metadata)
    assert await of_others(world, person) == before, "nothing of another workspace can be changed"
    return answers


async def test_nothing_of_another_workspace_is_seen_or_changed_by_anything_there_is(
    workspaces: World,
) -> None:
    """R5: every route of the bot, by a contact of another workspace who has Alice's e-mail address."""
    metadata = await acme_has_an_order_and_a_quote(workspaces)
    for where, said in (await everything(workspaces, workspaces.person("olga"), metadata)).items():
        # What she typed herself may come back to her.
        typed = where.partition(" ")[2] or "nothing"
        assert [word for word in OF_ACME_ALONE if word in said.replace(typed, "")] == [], (where, said)


async def test_a_contacts_own_id_means_nobody_in_another_workspace(workspaces: World) -> None:
    """R5: as it comes from a channel that the two share."""
    alice, olga = workspaces.person("alice"), workspaces.person("olga")
    await workspaces.fill_cart(alice)
    await alice.close_modal()
    await olga.command("/quotes")
    await workspaces.services.tasks.settle()
    request = next(r for r in reversed(workspaces.slack.requests) if r.payload.get("command"))
    before = await stored(workspaces)
    reply = await workspaces.slack.forge(request, lambda payload: payload.update(user_id="U01ALICE"))
    await workspaces.services.tasks.settle()
    assert reply.ok
    user = await workspaces.row(SlackUser, team_id="T02OTHER", user_id="U01ALICE")
    assert not user.full_member
    assert "not available to you" in olga.ephemerals[-1].words
    assert await stored(workspaces) == before


# --- taking it out again


async def test_a_workspace_that_takes_the_bot_out_is_forgotten_and_told_by_e_mail(
    workspaces: World,
) -> None:
    olga = workspaces.person("olga")
    await workspaces.order(olga, other_meeting=1)
    await workspaces.slack.uninstall("T02OTHER")
    assert {r.ack.status for r in workspaces.slack.requests[-2:] if r.ack} == {200}
    assert len(await tokens(workspaces)) == 2
    assert await workspaces.rows(SlackUser, team_id="T02OTHER") == []
    await workspaces.settle()
    assert await workspaces.rows(Notice, status=NoticeStatus.WAITING) == []
    [order] = await workspaces.rows(ServiceOrder)
    told = [m for m in workspaces.slack.mail.messages if order.number in m.subject + m.text]
    assert {"olga@other.example"} == {to for mail in told for to in mail.recipients}
    assert len(told) > 1, "what Slack could not show any more, and the receipt"

    assert (await install(workspaces, "T02OTHER")).status_code == 200
    await olga.command("/service-orders")
    assert order.number in (await olga.wait_for_modal("service_order.list")).text


async def test_a_person_of_a_workspace_without_the_bot_is_told_so(workspaces: World) -> None:
    olga = workspaces.person("olga")
    await olga.command("/quotes")
    await workspaces.services.tasks.settle()
    command = workspaces.slack.requests[-1]
    installation = workspaces.slack.slack.workspace.teams["T02OTHER"].installation
    assert installation is not None
    installation.bot_token = "xoxb-revoked"
    assert (await workspaces.slack.event({"type": "app_uninstalled"}, "T02OTHER")).ok
    await workspaces.slack.redeliver(command)
    await workspaces.services.tasks.settle()
    assert "is not installed in this workspace" in olga.ephemerals[-1].words


async def test_a_command_is_acknowledged_however_long_the_token_takes(
    workspaces: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, found = EncryptedInstallations.token_of, asyncio.Event()

    async def slow(store: EncryptedInstallations, team_id: str) -> str | None:
        await found.wait()
        return await read(store, team_id)

    monkeypatch.setattr(EncryptedInstallations, "token_of", slow)
    olga = workspaces.person("olga")
    reply = await olga.command("/quotes")
    assert reply.request is not None
    assert reply.request.ack is not None
    assert reply.request.ack.status == 200
    assert olga.modal is None
    found.set()
    await workspaces.services.tasks.settle()
    assert olga.modal is not None


async def test_revoked_tokens_of_people_alone_take_nothing_away(workspaces: World) -> None:
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U20OLGA"], "bot": []}}
    assert (await workspaces.slack.event(event, "T02OTHER")).ok
    assert len(await tokens(workspaces)) == 4


async def test_word_of_an_uninstallation_that_comes_after_the_next_installation_takes_nothing_away(
    workspaces: World,
) -> None:
    """Slack may repeat an event for a day."""
    await workspaces.slack.uninstall("T02OTHER")
    late = workspaces.slack.requests[-1]
    assert (await install(workspaces, "T02OTHER")).status_code == 200
    stored_tokens = await tokens(workspaces)
    assert (await workspaces.slack.redeliver(late)).ok
    assert await tokens(workspaces) == stored_tokens
    olga = workspaces.person("olga")
    await olga.command("/quotes")
    await olga.wait_for_modal("quote.list")


async def test_a_replica_that_remembers_the_old_token_does_not_take_the_next_installation_away(
    workspaces: World,
) -> None:
    """Another replica has stored the new one meanwhile."""
    settings = workspaces.services.settings
    replica = ManyWorkspaces(
        store_of(settings, workspaces.services.database),
        lambda token: AsyncWebClient(token=token, base_url=settings.slack_api_url),
    )
    await replica.of("T02OTHER")
    await workspaces.slack.uninstall("T02OTHER")
    assert (await install(workspaces, "T02OTHER")).status_code == 200
    assert await works(replica, "T02OTHER")


async def test_an_uninstallation_that_could_not_be_stored_is_asked_for_again(
    workspaces: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("handlers.install.forget_people", fail)
    workspaces.slack.slack.delivery.ack_seconds = 2  # A socket's envelope is waited for to the end.
    await workspaces.slack.uninstall("T02OTHER")
    answers = {r.ack.status for r in workspaces.slack.requests if r.kind == "event" and r.ack}
    # Over a socket, an envelope that is not acknowledged comes again.
    assert answers == ({500} if DOOR == "http" else {None})


async def test_account_services_are_told_in_their_own_workspace(workspaces: World) -> None:
    swap(workspaces.services, tasks=ForgetfulTasks())
    await workspaces.order(workspaces.person("olga"), other_meeting=1)
    workspaces.clock.move(hours=25)
    assert await tell_overdue(workspaces.services) == 1
    [notice] = await workspaces.rows(Notice, destination="services:C07GENERAL")
    assert (notice.account_id, notice.team) == ("other", "T01ACME")
    workspaces.clock.move(seconds=5)
    await deliver_due_notices(workspaces.services)
    assert "SO-1001" in workspaces.channel("C07GENERAL")[-1].text
