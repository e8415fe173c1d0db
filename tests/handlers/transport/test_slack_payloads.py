"""Every shape of payload that Slack documents is acknowledged, with the same result over both transports."""

import json
from typing import Any

from tests.handlers.steps import capture_log
from tests.handlers.transport.documented_payload import DocumentedPayload
from tests.handlers.transport.slack_payloads import PAYLOADS
from tests.world import World
from tests.world import world as open_world

# Their triggers are made up.
NO_VIEW_OPENED = {("view.trigger_expired", "warning"), ("reply.undelivered", "warning")}

Outcome = tuple[int | None, Any, list[str]]


async def carry(world: World, documented: DocumentedPayload) -> Outcome:
    """The ack, and the methods that were called afterwards."""
    world.slack.slack.traffic.reset()
    request = await world.slack.slack.delivery.send(documented.kind, documented.payload)
    await world.dependencies.tasks.wait_until_idle()
    ack = request.ack
    assert ack is not None
    if isinstance(ack.body, dict) and "view" in ack.body:
        # Unique.
        assert ack.body["view"].pop("external_id").startswith("view:")
    return ack.status, ack.body, sorted(call.method for call in world.slack.list_calls())


async def test_each_documented_payload_is_acknowledged_alike_over_http_and_a_socket() -> None:
    """No 400, no traceback, and no complaint but of the rate limit that Slack reports."""
    outcomes: dict[str, dict[str, Outcome]] = {}
    names = [documented.name for documented in PAYLOADS]
    assert len(set(names)) == len(names)
    for transport in ("http", "socket"):
        async with open_world(transport=transport) as world:
            with capture_log(world) as stream:
                outcomes[transport] = {each.name: await carry(world, each) for each in PAYLOADS}
            lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        complaints = {(line["event"], line["level"]) for line in lines if line["level"] != "info"}
        assert complaints - NO_VIEW_OPENED == {("events.rate_limited", "warning")}
        unused = [line["payload_type"] for line in lines if line["event"] == "payload.ignored"]
        assert len(unused) == len(set(unused)), "once for each type"
        assert {"view_closed", "message_action", "block_suggestion", "unknown"} <= set(unused)
    assert outcomes["http"] == outcomes["socket"]
    assert {name: status for name, (status, _, _) in outcomes["http"].items() if status != 200} == {}
    for documented in PAYLOADS:
        reply = outcomes["http"][documented.name][1]
        is_view = isinstance(reply, dict) and "view" in reply
        assert (reply["view"]["callback_id"] if is_view else reply) == documented.reply, documented.name
