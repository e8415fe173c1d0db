import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp

from sandbox import Person, Sandbox
from tests.sandbox.tiny_app import HELLO_MODAL

ALICE = "people/U01ALICE"


class Control:
    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session, self._base = session, base

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self._session.request(method, f"{self._base}{path}", json=body, headers=headers) as answer:
            return (
                answer.status,
                await answer.json() if "json" in answer.content_type else await answer.text(),
            )


@pytest.fixture
async def control(slack: Sandbox) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(session, f"{slack.page_url}control/")


async def test_a_person_acts_through_the_control_api(app: AsyncApp, slack: Sandbox, control: Control) -> None:
    command = {"command": "/hello", "text": "modal", "channel": "C01GENERAL"}
    status, reply = await control("POST", f"{ALICE}/command", command)
    assert (status, reply["ok"], reply["status"]) == (200, True, 200)
    modal = await slack.get_person("U01ALICE").wait_for_modal()
    typed = {"name": {"name": "Bruno"}, "times": {"times": "99"}}
    status, reply = await control("POST", f"{ALICE}/submit", {"view_id": modal.id, "typed": typed})
    assert reply["errors"] == {"times": "Please enter a number that is at most 9."}
    typed["times"]["times"] = "2"
    await control("POST", f"{ALICE}/submit", {"view_id": modal.id, "typed": typed})
    assert slack.get_person("U01ALICE").modal is None
    assert app.seen == ["submitted Bruno"]  # type: ignore[attr-defined]


async def test_controls_that_are_not_shown_cannot_be_used(slack: Sandbox, control: Control) -> None:
    status, answer = await control("POST", f"{ALICE}/press", {"view_id": "V9", "action_id": "x"})
    assert (status, answer["error"]) == (400, "view V9 is no longer open")
    status, _ = await control("POST", f"{ALICE}/command", {"command": "/x", "channel": "C99"})
    assert status == 400


async def test_each_person_sees_their_own(slack: Sandbox, control: Control, alice: Person) -> None:
    slack.slack.people.open_modal_for(alice.client, HELLO_MODAL)
    _, hers = await control("GET", "state?user=U01ALICE")
    _, his = await control("GET", "state?user=U02BRUNO")
    assert [view["callback_id"] for view in hers["modal"]] == ["hello"]
    assert his["modal"] == []
    _, phone = await control("GET", "state?user=U01ALICE&client=phone")
    assert phone["modal"] == []


async def test_traffic_can_be_listed_since_a_number(
    app: AsyncApp, slack: Sandbox, control: Control, alice: Person
) -> None:
    await alice.command("/hello", "x", channel="C01GENERAL")
    last = slack.traffic[-1].number
    _, everything = await control("GET", "traffic")
    _, rest = await control("GET", f"traffic?after={last}")
    commands = [entry["payload"]["text"] for entry in everything["entries"] if entry["direction"] == "to_app"]
    assert commands == ["x"]
    assert rest["entries"] == []


async def test_people_and_channels_change(slack: Sandbox, control: Control) -> None:
    await control("PATCH", "users/U01ALICE", {"locale": "de-DE", "deleted": True})
    assert slack.slack.workspace.users["U01ALICE"].deleted
    assert slack.requests[-1].payload["event"]["user"]["locale"] == "de-DE"
    await control("PATCH", "channels/C01GENERAL", {"is_archived": True})
    assert slack.get_channel("C01GENERAL").record.is_archived
    status, _ = await control("PATCH", "users/U01ALICE", {"nonsense": 1})
    assert status == 400


async def test_faults_are_added_and_cleared(slack: Sandbox, control: Control) -> None:
    await control(
        "POST", "faults", {"kind": "error_500", "method": "auth.test", "probability": 0.5, "times": 3}
    )
    _, listed = await control("GET", "faults")
    assert [fault["method"] for fault in listed["faults"]] == ["auth.test"]
    assert (await control("POST", "faults", {"kind": "earthquake"}))[0] == 400
    await control("DELETE", "faults")
    assert slack.slack.faults.rules == []


async def test_reset_starts_over_and_reports_it(slack: Sandbox, control: Control, alice: Person) -> None:
    reports: list[str] = []

    async def hook() -> None:
        reports.append("reset")

    slack.on_reset(hook)
    await alice.write("hello", channel="C01GENERAL")
    slack.slack.people.open_modal_for(alice.client, HELLO_MODAL)
    assert (await control("POST", "reset", {}))[0] == 200
    assert (slack.get_channel("C01GENERAL").messages, slack.get_person("U01ALICE").modal, reports) == (
        [],
        None,
        ["reset"],
    )


async def test_concurrent_resets_are_one(slack: Sandbox, control: Control) -> None:
    reports: list[str] = []

    async def hook() -> None:
        reports.append("begun")
        await asyncio.sleep(0.05)
        reports.append("done")

    slack.on_reset(hook)
    answers = await asyncio.gather(control("POST", "reset", {}), control("POST", "reset", {}))
    assert [status for status, _ in answers] == [200, 200]
    assert reports == ["begun", "done"]
    await control("POST", "reset", {})
    assert reports == ["begun", "done"] * 2


async def test_an_app_that_cannot_reset_is_reported(slack: Sandbox, control: Control) -> None:
    async def hook() -> None:
        raise RuntimeError("no room")

    slack.on_reset(hook)
    status, answer = await control("POST", "reset", {})
    assert (status, answer["error"]) == (502, "the app's own reset failed: no room")


async def test_a_failing_reset_url_is_reported(slack: Sandbox, control: Control) -> None:
    slack.slack.reset_url = f"{slack.page_url}control/nowhere"
    status, answer = await control("POST", "reset", {})
    assert status == 502
    assert "own reset failed" in answer["error"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_other_sites_are_kept_out(control: Control, headers: dict[str, str]) -> None:
    assert (await control("GET", "state", **headers))[0] == 403


async def test_a_form_of_another_site_cannot_act(slack: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{slack.page_url}control/reset", data="{}")
        assert answer.status == 415
        answer = await session.post(f"{slack.page_url}control/{ALICE}/command", data="command=/x")
        assert answer.status == 415


async def test_changes_are_streamed(slack: Sandbox, alice: Person) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{slack.page_url}control/changes") as stream:
        first = await stream.content.readline()
        await stream.content.readline()
        await alice.write("hello", channel="C01GENERAL")
        second = await stream.content.readline()
    assert first.startswith(b"data: ")
    assert int(second[6:]) > int(first[6:])
