"""The initial scene of most seeds: two quotes are checked out and ready to be placed."""

import asyncio
from collections import Counter
from functools import cache
from random import Random

from bot.permissions import SlackIdentity
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.slack_user import refresh_slack_user
from tests.simulation.database import Store
from tests.simulation.external_changes import ExternalChanges
from tests.simulation.faults import NoFaults
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.slack import TEAM
from tests.simulation.template import EXTERNAL_QUOTE, IMPORTED_AT, OWN_QUOTE, build_imported_database
from tests.simulation.world import SimulatedReplica, SimulatedWorld


@cache
def build_checked_out_scene() -> bytes:
    store = Store(build_imported_database())
    clock = VirtualClock(IMPORTED_AT)
    world = SimulatedWorld(store, clock, Random(0), NoFaults(), Counter())
    world.gates.closed = False
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        runner.run(_prepare(world))
    content = store.raw.serialize()
    store.close()
    return content


async def _prepare(world: SimulatedWorld) -> None:
    replica = world.open_replica()
    alice, benoit = SlackIdentity(TEAM, "U01ALICE", "scene"), SlackIdentity(TEAM, "U02BENOIT", "scene")
    await refresh_slack_user(replica.dependencies, alice)
    await refresh_slack_user(replica.dependencies, benoit)
    typed = {"acme_meeting": "2", "acme_webinar": "1"}
    await save_cart(replica.dependencies, person=alice, account_id="acme", seat_inputs=typed)
    external = ExternalChanges(world.random, world.store.folder / "accounts.yml")
    external.add_quote(IMPORTED_AT, "acme_meeting")
    await external.import_file(replica.dependencies)
    await _check_out(replica, alice, OWN_QUOTE)
    await _check_out(replica, benoit, EXTERNAL_QUOTE)
    world.store.raw.execute("UPDATE notice SET status = 'delivered', delivered_at = created_at")
    world.store.raw.execute("DELETE FROM slack_user")


async def _check_out(replica: SimulatedReplica, person: SlackIdentity, quote_id: int) -> None:
    details = await open_checkout(replica.dependencies, person=person, quote_id=quote_id)
    await save_checkout(replica.dependencies, person=person, quote_id=quote_id, form=details.form)
