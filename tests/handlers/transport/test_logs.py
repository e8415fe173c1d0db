"""What a process logs: what an operator looks for, and no secret."""

import errno
import io
import json
import os
from collections.abc import AsyncIterator

import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.logs import build_secret_masker
from bot.use_cases.delivery.worker import deliver_due_notices
from tests.handlers.steps import capture_log, install_hooked_gateway, make_failing_hook
from tests.world import World
from tests.world import world as open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Over HTTP, whichever transport the other tests use."""
    async with open_world(transport="http") as world:
        yield world


async def test_a_failure_is_found_in_the_log_by_the_reference_a_person_was_shown(world: World) -> None:
    alice = world.get_person("alice")
    cart = await world.fill_cart(alice, acme_meeting=2)
    gateway = install_hooked_gateway(world)
    gateway.before["preview"] = make_failing_hook(RuntimeError("a fault of ours"))
    with capture_log(world) as stream:
        await cart.submit()
        refused = await alice.wait_for_modal("refusal.show")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [failure] = [line for line in lines if line["event"] == "handler.failed"]
    assert failure["request_id"] in refused.text
    assert failure["source"] == "cart.save"
    assert "a fault of ours" in failure["exception"]


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_nothing_fails_because_the_log_is_on_a_full_disk(world: World) -> None:
    alice = world.get_person("alice")
    with capture_log(world, FullDisk()):
        cart = await world.fill_cart(alice, acme_meeting=2)
        install_hooked_gateway(world).before["preview"] = make_failing_hook(RuntimeError("a fault of ours"))
        await cart.submit()
        assert "Something went wrong on our side" in (await alice.wait_for_modal("refusal.show")).text


async def test_no_secret_and_no_body_of_an_e_mail_is_logged(world: World) -> None:
    settings = world.dependencies.settings
    bot_token, secret = world.slack.bot_token, world.slack.signing_secret
    smtp = "smtp://seatbot:hidden-password@127.0.0.1:9"
    socket = "wss://wss-primary.slack.com/link/?ticket=1b2c-hidden-ticket&app_id=A0"
    secret_text = (
        f"Bearer {bot_token} {secret} xapp-1-A0-2-cafe sk_live_abcdefgh whsec_abcdefgh {smtp} {socket}"
    )

    alice = world.get_person("alice")
    with capture_log(world) as stream:
        await world.place_order(alice, acme_meeting=2)
        world.slack.mail.rejection = "451 later"
        await world.dependencies.tasks.wait_until_idle()
        await deliver_due_notices(world.dependencies)
        world.slack.mail.rejection = None
        await world.pass_time(minutes=10)
        await alice.close_modal(everything=True)
        cart = await world.fill_cart(alice, acme_meeting=2)
        install_hooked_gateway(world).before["preview"] = make_failing_hook(RuntimeError(secret_text))
        await cart.submit()
        await alice.wait_for_modal("refusal.show")
        structlog.get_logger().info(
            secret_text, nested={"list": [secret_text]}, error=RuntimeError(secret_text)
        )
    written = stream.getvalue()
    assert "notice.retry_scheduled" in written
    assert "handler.failed" in written
    assert settings.slack_bot_token is not None
    for hidden in (bot_token, secret, "xapp-1", "sk_live", "whsec_ab", "hidden-password", "hidden-ticket"):
        assert hidden not in written, hidden
    assert "seatbot" in written
    [mail] = world.slack.mail.messages
    words = [line for line in mail.text.splitlines() if len(line) > 12]
    assert words
    assert [line for line in words if line in written] == []


async def test_each_of_several_keys_is_a_secret(world: World) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    mask = build_secret_masker(
        world.dependencies.settings.model_copy(update={"token_encryption_keys": SecretStr(", ".join(keys))})
    )
    for key in keys:
        assert key not in str(mask(None, "", {"event": f"with {key}"}))
