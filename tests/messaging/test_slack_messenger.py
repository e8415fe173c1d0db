"""The Slack messenger against a Slack on this machine: what is posted, and what each refusal becomes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n import Localizer
from bot.installations.clients import NotInstalled, SingleWorkspaceClients
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileUpload,
    MessageGone,
    MessageRef,
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from bot.messaging.slack.messenger import SlackMessenger
from models.notice import NoticeKind
from sandbox import Sandbox
from sandbox.block_kit import load_table as shapes
from sandbox.driver import Conversation
from sandbox.faults import Fault
from tests.blocks.sample_messages import make_message
from tests.time_limits import HANG_SECONDS

URL = "https://services.example/help"
READER = Localizer("en-GB", "Europe/Paris")
WORKSPACE: dict[str, Any] = {
    "teams": [{"id": "T1", "name": "Acme"}],
    "users": [
        {"id": "U1", "name": "alice", "email": "alice@acme.example"},
        {"id": "U2", "name": "gone", "deleted": True},
    ],
    "channels": [
        {"id": "C1", "name": "billing", "members": ["U1"]},
        {"id": "C2", "name": "elsewhere", "bot": False},
        {"id": "C3", "name": "old", "is_archived": True},
    ],
}


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.start(WORKSPACE) as slack:
        yield slack


@pytest.fixture
async def messenger(slack: Sandbox) -> AsyncIterator[SlackMessenger]:
    async with messenger_for(slack.api_url, slack.bot_token) as messenger:
        yield messenger


class messenger_for:  # noqa: N801
    """As bootstrap builds it."""

    def __init__(self, api_url: str, token: str = "xoxb-test", seconds: float = HANG_SECONDS) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds))
        self._client = AsyncWebClient(token, base_url=api_url, session=self._session, retry_handlers=[])

    async def __aenter__(self) -> SlackMessenger:
        return SlackMessenger(SingleWorkspaceClients(self._client), URL)

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()


def to(channel: str, kind: NoticeKind = NoticeKind.ORDER_STATUS, **changes: Any) -> OutboundMessage:
    where = "contact" if channel.startswith("U") else "channel"
    return make_message(kind, READER, to=where, channel=channel, **changes)


async def test_a_notice_is_posted_with_text_and_blocks(slack: Sandbox, messenger: SlackMessenger) -> None:
    posted = await messenger.deliver_message(to("C1"))
    [message] = slack.get_channel("C1").messages
    assert posted == MessageRef("C1", message.ts)
    assert message.text.startswith("Service order SO-1007")
    assert message.blocks
    [call] = slack.list_calls("chat.postMessage")
    assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)
    assert slack.refusals == []


async def test_a_direct_message_answers_with_the_channel_it_can_be_edited_in(
    slack: Sandbox, messenger: SlackMessenger
) -> None:
    posted = await messenger.deliver_message(to("U1", NoticeKind.QUOTE_ARRIVED))
    assert posted.channel.startswith("D")
    again = to("U1", NoticeKind.QUOTE_MESSAGE_UPDATE)
    edited = await messenger.deliver_message(replace(again, channel=posted.channel, update_ts=posted.ts))
    assert edited == posted
    [message] = slack.get_channel(posted.channel).messages
    assert len(message.edits) == 1


async def test_history_is_a_reply_in_the_thread(slack: Sandbox, messenger: SlackMessenger) -> None:
    posted = await messenger.deliver_message(to("C1"))
    await messenger.deliver_message(to("C1", NoticeKind.ORDER_HISTORY, thread_ts=posted.ts))
    card = slack.get_channel("C1").messages[0]
    assert len(card.thread) == 1


@pytest.mark.parametrize("kind", NoticeKind)
async def test_slack_takes_every_kind(kind: NoticeKind, slack: Sandbox, messenger: SlackMessenger) -> None:
    await messenger.deliver_message(to("U1", kind))
    assert slack.refusals == []


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("C2", ChannelUnreachable),
        ("C3", ChannelUnreachable),
        ("C9", ChannelUnreachable),
        ("U2", UserUnreachable),
        ("U9", UserUnreachable),
    ],
)
async def test_an_unreachable_person_is_reported(
    channel: str, expected: type[Exception], messenger: SlackMessenger
) -> None:
    with pytest.raises(expected):
        await messenger.deliver_message(to(channel))


@pytest.mark.parametrize("changes", [{"update_ts": "1.000001"}, {"thread_ts": "1.000001"}])
async def test_a_missing_message_is_reported_as_gone(
    changes: dict[str, Any], messenger: SlackMessenger
) -> None:
    with pytest.raises(MessageGone):
        await messenger.deliver_message(to("C1", **changes))


async def test_a_missing_direct_message_is_reported_as_gone(messenger: SlackMessenger) -> None:
    with pytest.raises(MessageGone):
        await messenger.deliver_message(to("D9", update_ts="1.000001"))


async def test_a_rate_limit_says_how_long(slack: Sandbox, messenger: SlackMessenger) -> None:
    slack.slack.faults.add(Fault("ratelimited", "chat.postMessage", seconds=17))
    with pytest.raises(RateLimited) as limited:
        await messenger.deliver_message(to("C1"))
    assert limited.value.seconds == 17


@pytest.mark.parametrize("fault", ["error_500", "error_503", "cut_before", "cut_after"])
async def test_an_outage_is_not_tried_again_on_the_spot(
    fault: Any, slack: Sandbox, messenger: SlackMessenger
) -> None:
    slack.slack.faults.add(Fault(fault, "chat.postMessage"))
    with pytest.raises(MessengerUnavailable):
        await messenger.deliver_message(to("C1"))
    assert len(slack.list_calls("chat.postMessage")) == 1


async def test_a_slack_that_keeps_silent_is_an_outage(slack: Sandbox) -> None:
    slack.slack.faults.add(Fault("slow", "chat.postMessage", seconds=1))
    async with messenger_for(slack.api_url, slack.bot_token, seconds=0.1) as messenger:
        with pytest.raises(MessengerUnavailable):
            await messenger.deliver_message(to("C1"))


async def test_a_wrong_token_waits_for_the_operator(slack: Sandbox) -> None:
    async with messenger_for(slack.api_url, "xoxb-wrong") as messenger:
        with pytest.raises(MessengerRefused, match="invalid_auth"):
            await messenger.deliver_message(to("U1"))


class InstalledInT1(SingleWorkspaceClients):
    """The bot is installed in T1, and nowhere else."""

    async def get_client(self, team_id: str) -> AsyncWebClient:
        if team_id != "T1":
            raise NotInstalled(team_id)
        return await super().get_client(team_id)


async def test_nothing_is_reachable_where_the_bot_is_not_installed(slack: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        messenger = SlackMessenger(InstalledInT1(client), URL)
        assert await messenger.is_installed("T1")
        await messenger.deliver_message(to("C1"))
        assert not await messenger.is_installed("T2")
        for channel, refused in (("C1", ChannelUnreachable), ("U1", UserUnreachable), ("D1", MessageGone)):
            with pytest.raises(refused, match="not_installed"):
                await messenger.deliver_message(replace(to(channel), team_id="T2"))
    assert len(slack.list_calls("chat.postMessage")) == 1


# A file


PDF = FileUpload("R-1001.pdf", "Receipt R-1001", b"%PDF-1.7 ...")
STEPS = ("files.getUploadURLExternal", "files.completeUploadExternal")


def dms(slack: Sandbox) -> list[Conversation]:
    return [
        Conversation(slack.slack, channel)
        for channel in slack.slack.workspace.channels.values()
        if channel.is_im
    ]


async def direct_message(messenger: SlackMessenger) -> str:
    return (await messenger.deliver_message(to("U1", NoticeKind.RECEIPT))).channel


def file_to(channel: str) -> OutboundMessage:
    return replace(to("U1", NoticeKind.RECEIPT_FILE), channel=channel, files=(PDF,))


async def test_a_file_is_shared_in_the_direct_message(slack: Sandbox, messenger: SlackMessenger) -> None:
    channel = await direct_message(messenger)
    assert await messenger.deliver_message(file_to(channel)) == MessageRef(channel, "")
    announcement, shared = slack.get_channel(channel).messages
    assert announcement.files == []
    [file] = slack.files
    assert (file.name, file.title, file.content) == (PDF.name, PDF.title, PDF.content)
    assert [shown.id for shown in shared.files] == [file.id]
    assert shared.text == "PDF of receipt R-1001"
    assert slack.refusals == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["error_503", "cut_before"])
async def test_r24_an_upload_that_fails_before_its_last_step_shows_nothing(
    fault: Any, step: str, slack: Sandbox, messenger: SlackMessenger
) -> None:
    channel = await direct_message(messenger)
    slack.slack.faults.add(Fault(fault, step, times=1))
    with pytest.raises(MessengerUnavailable):
        await messenger.deliver_message(file_to(channel))
    assert len(slack.get_channel(channel).messages) == 1
    await messenger.deliver_message(file_to(channel))
    assert len(slack.get_channel(channel).messages) == 2


async def test_a_rate_limit_on_a_file_says_how_long(slack: Sandbox, messenger: SlackMessenger) -> None:
    channel = await direct_message(messenger)
    slack.slack.faults.add(Fault("ratelimited", STEPS[1], seconds=17))
    with pytest.raises(RateLimited) as limited:
        await messenger.deliver_message(file_to(channel))
    assert limited.value.seconds == 17


async def test_a_direct_message_that_is_not_there_takes_no_file(messenger: SlackMessenger) -> None:
    with pytest.raises(MessageGone):
        await messenger.deliver_message(file_to("D9"))


@pytest.mark.parametrize("code", ["missing_scope", "file_uploads_disabled"])
async def test_a_rejected_file_upload_is_reported(code: str) -> None:
    with pytest.raises(MessageRejected, match=code):
        await deliver_to(Answers(refused(code)), file_to("D1"))


async def test_an_upload_that_is_not_taken_is_an_outage(slack: Sandbox) -> None:
    ticket = {"ok": True, "file_id": "F1", "upload_url": f"{slack.api_url.removesuffix('api/')}upload/v1/F9"}
    with pytest.raises(MessengerUnavailable, match="404"):
        await deliver_to(Answers(web.json_response(ticket)), file_to("D1"))


class Answers:
    """A Slack that gives fixed answers, one after another."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.bodies: list[Any] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.bodies.append(
            dict(await request.post()) or (await request.json() if request.can_read_body else {})
        )
        return self.answers.pop(0)


async def deliver_to(answers: Answers, announcement: OutboundMessage) -> MessageRef:
    application = web.Application()
    application.router.add_post("/api/{method}", answers.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with messenger_for(f"http://127.0.0.1:{runner.addresses[0][1]}/api/") as messenger:
            return await messenger.deliver_message(announcement)
    finally:
        await runner.cleanup()


def refused(code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code})


async def test_a_message_whose_blocks_slack_refuses_goes_out_as_text() -> None:
    taken = web.json_response({"ok": True, "channel": "C1", "ts": "1.000002"})
    answers = Answers(refused("invalid_blocks"), taken)
    assert await deliver_to(answers, to("C1")) == MessageRef("C1", "1.000002")
    first, second = answers.bodies
    assert first["text"] == second["text"]
    assert second.get("blocks") in (None, [], "[]")


async def test_a_table_that_slack_refuses_is_posted_as_lines_and_not_tried_again_that_day(
    monkeypatch: pytest.MonkeyPatch, slack: Sandbox, messenger: SlackMessenger
) -> None:
    monkeypatch.setitem(
        shapes().blocks, "table", replace(shapes().blocks["table"], only_on=frozenset({"home"}))
    )
    for _ in range(2):
        await messenger.deliver_message(to("U1", NoticeKind.ORDER_PLACED))
    first, second = [message for room in dms(slack) for message in room.messages]
    assert "GoTo Meeting: 1 new seat – €10.00 plus €2.00 tax" in first.words
    assert "*Total: €24.00*" not in first.words
    assert "Total: €24.00" in first.words
    assert "service_order.open" in str(first.blocks)
    assert second.words == first.words
    assert [refusal.error for refusal in slack.refusals] == ["invalid_blocks"]


async def test_amounts_are_a_table_if_slack_takes_one(slack: Sandbox, messenger: SlackMessenger) -> None:
    await messenger.deliver_message(to("U1", NoticeKind.ORDER_PLACED))
    [message] = [message for room in dms(slack) for message in room.messages]
    [table] = [block for block in message.blocks if block["type"] == "table"]
    assert [cell["text"] for cell in table["rows"][0]] == ["Product", "New seats", "Amount"]
    assert [cell["text"] for cell in table["rows"][1]] == ["GoTo Meeting", "1", "€10.00"]
    assert "Total: €24.00" in message.text, "for screen readers and notifications"


def edit_of(message: OutboundMessage) -> OutboundMessage:
    return replace(message, update_ts="1.000001")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("not_in_channel", to("C1"), ChannelUnreachable),
        ("ekm_access_denied", to("C1"), ChannelUnreachable),
        ("no_permission", to("C1"), ChannelUnreachable),
        ("user_disabled", to("U1"), UserUnreachable),
        ("ekm_access_denied", to("U1"), UserUnreachable),
        ("messages_tab_disabled", to("W1"), UserUnreachable),
        ("edit_window_closed", edit_of(to("C1")), MessageGone),
        ("block_mismatch", edit_of(to("C1")), MessageGone),
        ("thread_not_found", to("C1"), MessageRejected),
        ("msg_too_long", to("C1"), MessageRejected),
        ("storage_limit_reached", file_to("D1"), MessageRejected),
        ("missing_scope", file_to("D1"), MessageRejected),
        ("missing_scope", to("C1"), MessengerRefused),
        ("account_inactive", to("U1"), MessengerRefused),
        ("something_new", to("C1"), MessengerRefused),
        ("internal_error", to("C1"), MessengerUnavailable),
        ("team_added_to_org", to("C1"), MessengerUnavailable),
        ("rate_limited", to("C1"), RateLimited),
        ("message_limit_exceeded", to("C1"), MessengerUnavailable),
    ],
)
async def test_an_error_of_slack_says_what_can_be_done(
    code: str, message: OutboundMessage, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as raised:
        await deliver_to(Answers(refused(code)), message)
    assert type(raised.value) is expected
    assert code in str(raised.value) or expected is RateLimited


async def test_a_text_that_is_refused_as_well_is_rejected() -> None:
    with pytest.raises(MessageRejected, match="invalid_blocks_format"):
        await deliver_to(Answers(refused("invalid_blocks"), refused("invalid_blocks_format")), to("C1"))


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "not json", ""])
@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
async def test_an_answer_that_is_not_slacks_is_an_outage(body: str, content_type: str) -> None:
    answer = web.Response(status=502, text=body, content_type=content_type)
    with pytest.raises(MessengerUnavailable):
        await deliver_to(Answers(answer), to("C1"))


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), (None, 30.0), ("soon", 30.0), ("nan", 30.0), ("1e400", 3600.0)]
)
async def test_a_429_without_a_readable_delay_waits_half_a_minute(header: str | None, seconds: float) -> None:
    headers = {"Retry-After": header} if header else {}
    answer = web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    with pytest.raises(RateLimited) as limited:
        await deliver_to(Answers(answer), to("C1"))
    assert limited.value.seconds == seconds
