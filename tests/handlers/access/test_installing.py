"""Installing the bot in several workspaces, and whose token opens which."""

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import select, update

from bot.bootstrap import build_installation_store as store_of
from bot.installations.store import KeyRotationResult
from bot.use_cases.operations.doctor import run_checks
from handlers.install import BOT_SCOPES
from models.installation import bots, oauth_states
from sandbox import Sandbox
from sandbox.faults import FaultKind
from tests.commands import CommandResult, run_command
from tests.handlers.access.installations import (
    CLIENT_ID,
    CLIENT_SECRET,
    KEY,
    asked_of_slack,
    install,
    installed_everywhere,
    load_tokens,
    open_workspaces,
    two_workspaces,
)
from tests.handlers.steps import capture_log
from tests.replicas.processes import run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import World


@pytest.fixture
async def workspaces() -> AsyncIterator[World]:
    async with installed_everywhere() as world:
        yield world


async def test_two_workspaces_install_the_bot_and_each_is_called_with_its_own_token(
    workspaces: World,
) -> None:
    alice, olga = workspaces.get_person("alice"), workspaces.get_person("olga")
    await workspaces.place_order(alice, acme_meeting=1)
    await workspaces.place_order(olga, other_meeting=1)
    await workspaces.settle()
    posted = {
        (call.args["channel"], call.team_id) for call in workspaces.slack.list_calls("chat.postMessage")
    }
    assert ("C01BILLING", "T01ACME") in posted
    assert ("C06OTHER", "T02OTHER") in posted
    assert {"T01ACME", "T02OTHER"} == {team for _, team in posted}
    assert olga.dms
    assert [dm.text for dm in alice.dms if "SO-1002" in dm.text] == []
    assert [dm.text for dm in olga.dms if "SO-1001" in dm.text] == []
    assert workspaces.slack.refusals == []


async def test_tokens_are_encrypted_where_they_are_stored(workspaces: World) -> None:
    found = await load_tokens(workspaces)
    assert len(found) == 4
    assert [token for token in found if "xox" in token] == []
    opened = {Fernet(KEY).decrypt(token).decode() for token in found}
    assert opened == {i.bot_token for i in workspaces.slack.slack.workspace.installations}


async def test_a_workspace_is_called_with_the_token_of_its_own_organisation(workspaces: World) -> None:
    """R29: also if another organisation has installed the bot since."""
    dependencies = workspaces.dependencies
    store = store_of(dependencies.settings, dependencies.database)
    for number in (1, 2):
        await store.async_save(
            Installation(
                app_id="A1",
                enterprise_id=f"E0{number}",
                # Slack may name the workspace in which the admin allowed it.
                team_id="T77",
                user_id="W1",
                bot_token=f"xoxb-{number}",
                is_enterprise_install=True,
                installed_at=float(number),
            )
        )
        await store.save_organisation_workspaces(f"E0{number}", [f"T0{number}A", f"T0{number}B"])
    asked = ("E01", "T01A", "T01B", "T02B", "T77", "T02OTHER")
    found = [await store.find_bot_token(team_id) for team_id in asked]
    assert found[:5] == ["xoxb-1", "xoxb-1", "xoxb-1", "xoxb-2", None]
    assert found[5] is not None, "a workspace's own"
    assert {"E01", "T01A", "T02OTHER"} <= {*await store.list_team_ids()}
    assert await store.delete_installation("E01")
    assert await store.find_bot_token("T01A") is None
    assert await store.find_bot_token("T02B") == "xoxb-2"


async def test_encryption_keys_are_rotated_without_reinstalling(workspaces: World) -> None:
    dependencies, new = workspaces.dependencies, Fernet.generate_key().decode()

    def store(keys: str) -> Any:
        changed = dependencies.settings.model_copy(update={"token_encryption_keys": SecretStr(keys)})
        return store_of(changed, dependencies.database)

    both, renewed = store(f"{new},{KEY}"), store(new)
    before = await both.find_bot_token("T02OTHER")
    assert before.startswith("xoxb-")
    assert await renewed.find_bot_token("T02OTHER") is None, "the old key is needed still"
    assert await both.encrypt_with_first_key() == KeyRotationResult(encrypted_rows=4, undecryptable_rows=0)
    assert await renewed.find_bot_token("T02OTHER") == before
    assert await store(KEY).find_bot_token("T02OTHER") is None
    # A key that was lost, and with it what it closed, holds up no other.
    await install(workspaces, "T02OTHER")
    assert await store(KEY).encrypt_with_first_key() == KeyRotationResult(
        encrypted_rows=2, undecryptable_rows=2
    )
    await install(workspaces, "T01ACME")
    assert await store(KEY).encrypt_with_first_key() == KeyRotationResult(
        encrypted_rows=4, undecryptable_rows=0
    )


async def test_an_encryption_key_is_kept_until_no_token_needs_it(workspaces: World, tmp_path: Path) -> None:
    async def rotate(keys: str) -> CommandResult:
        return await run_command(
            tmp_path,
            "rotate-keys",
            SLACK_CLIENT_ID=CLIENT_ID,
            SLACK_CLIENT_SECRET=CLIENT_SECRET,
            SLACK_SIGNING_SECRET="any",
            DATABASE_URL=workspaces.dependencies.settings.database_url,
            TOKEN_ENCRYPTION_KEYS=keys,
        )

    before, new = await load_tokens(workspaces), Fernet.generate_key().decode()
    failed = await rotate(new)
    assert failed.exit_code == 1
    assert "4 rows cannot be decrypted with any key: keep every old key" in failed.output
    assert "can be removed" not in failed.output
    assert await load_tokens(workspaces) == before
    rotated = await rotate(f"{new},{KEY}")
    assert rotated.exit_code == 0
    assert "4 rows are encrypted with the first key; the other keys can be removed" in rotated.output


async def test_an_installation_starts_and_ends_in_one_browser_and_only_once(workspaces: World) -> None:
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
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
    async with workspaces.dependencies.read() as session:
        assert (await (await session.connection()).execute(select(oauth_states.c.state))).all() == []


async def test_a_link_to_the_page_cannot_add_parameters_to_slacks(workspaces: World) -> None:
    evil = "T1&scope=commands&redirect_uri=https://evil.example&user_scope=admin"
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
        for team in ("T01ACME", evil, "€", "a\r\nSet-Cookie:x", "T01ACME\n", ""):
            page = f"http://127.0.0.1:{workspaces.port}/slack/install"
            answer = await client.get(page, params={"team": team})
            assert answer.status_code == 302, team
            query = parse_qs(urlsplit(answer.headers["location"]).query)
            assert query.get("team") == (["T01ACME"] if team == "T01ACME" else None)
            assert len(query["scope"]) == 1
            assert "user_scope" not in query or query["user_scope"] == [""]
            assert "evil.example" not in answer.headers["location"]


async def test_a_slack_outage_during_the_installation_is_not_logged_as_our_error(workspaces: World) -> None:
    kinds: tuple[FaultKind, ...] = ("cut_before", "html", "empty", "truncated", "error_503")
    with capture_log(workspaces) as stream:
        for kind in kinds:
            workspaces.slack.slack.faults.reset()
            workspaces.slack.inject_fault(kind, "oauth.v2.access")
            failed = await install(workspaces, "T01ACME")
            assert failed.status_code == 503, kind
            assert failed.text.startswith("Slack didn’t respond properly, so nothing was installed yet"), kind
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    lines = [line for line in lines if line["level"] != "info"]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("installation.interrupted", "warning")
    ] * len(kinds)
    workspaces.slack.slack.faults.reset()
    assert (await install(workspaces, "T01ACME")).status_code == 200


async def test_a_failed_installation_shows_and_logs_its_reference(
    workspaces: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(workspaces.dependencies.database, "write", fail)
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
        failed = await client.get(f"http://127.0.0.1:{workspaces.port}/slack/install")
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
    [line] = [line for line in capsys.readouterr().out.splitlines() if "installation.failed" in line]
    assert found[0] in line
    assert "error" in line
    assert "bad_client_secret" in line
    assert "another-client-secret" not in line


async def test_an_invalid_oauth_code_asks_the_person_to_start_again(workspaces: World) -> None:
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
        page, cookie = await asked_of_slack(workspaces, client)
        back = (await client.get(f"{page}&allow=T01ACME")).headers["location"]
        wrong = back.replace(parse_qs(urlsplit(back).query)["code"][0], "0" * 32)
        assert (await client.get(wrong, headers={"Cookie": cookie})).status_code == 401


async def test_a_token_is_looked_up_once_for_many_requests(workspaces: World) -> None:
    workspaces.slack.slack.traffic.reset()
    alice = workspaces.get_person("alice")
    for _ in range(3):
        await alice.command("/quotes", "help")
    assert workspaces.slack.list_calls("auth.test") == []


async def test_serve_reads_its_oauth_settings_from_the_environment_and_leaves_no_file(tmp_path: Path) -> None:
    """Slack's library has stores of its own, in files, for apps that set these two and nothing else."""
    async with Sandbox.start(two_workspaces()) as slack:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(tmp_path),
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "TOKEN_ENCRYPTION_KEYS": KEY,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "LOG_FORMAT": "json",
        }
        async with (
            run_replicas(1, environment, tmp_path) as [replica],
            httpx.AsyncClient(timeout=HANG_SECONDS) as client,
        ):
            answer = await client.get(f"http://127.0.0.1:{replica.port}/slack/install")
            assert answer.headers["location"].startswith(slack.page_url + "oauth/v2/authorize?")
            assert replica.list_errors() == []
    left = {Path(name).suffix for name in os.listdir(tmp_path)}
    assert left <= {".db", ".db-numbers", ".db-shm", ".db-wal", ".log"}


async def test_doctor_checks_every_workspace() -> None:
    async with open_workspaces() as world:
        found = {result.name: result for result in await run_checks(world.dependencies, set(BOT_SCOPES))}
        assert found["slack"].passed is None
        assert "/slack/install" in found["slack"].message
        for team in ("T01ACME", "T02OTHER"):
            await install(world, team)
        world.slack.slack.workspace.teams["T02OTHER"].installation.scopes.remove("chat:write")  # type: ignore[union-attr]
        found = {result.name: result for result in await run_checks(world.dependencies, set(BOT_SCOPES))}
        assert found["slack"].message.startswith("the token of T02OTHER lacks chat:write")
        assert "(and 2 more)" in found["channels"].message


async def test_doctor_distinguishes_a_missing_installation_from_an_unreadable_token() -> None:
    async with open_workspaces() as world:
        await install(world, "T01ACME")
        found = {result.name: result for result in await run_checks(world.dependencies, set(BOT_SCOPES))}
        assert found["accounts"].passed is False
        assert "the workspace of other (T02OTHER): " in found["accounts"].message
        assert found["slack"].passed
        absent = (
            "in T02OTHER no channel could be checked: the bot is not installed there; the bot is not in C"
        )
        assert found["channels"].message.startswith(absent)

        await install(world, "T02OTHER")
        another = Fernet(Fernet.generate_key()).encrypt(b"xoxb-closed").decode()
        async with world.dependencies.write() as session:
            connection = await session.connection()
            await connection.execute(
                update(bots).where(bots.c.team_id == "T02OTHER").values(bot_token=another)
            )
        found = {result.name: result for result in await run_checks(world.dependencies, set(BOT_SCOPES))}
        assert found["accounts"].passed
        closed = "T02OTHER cannot be called: no key of TOKEN_ENCRYPTION_KEYS opens its token"
        assert found["slack"].message == closed
        assert (
            "in T02OTHER no channel could be checked: no key of TOKEN_ENCRYPTION_KEYS"
            in found["channels"].message
        )
