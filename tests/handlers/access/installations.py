"""Two workspaces, each of which installs the bot by its page; or an organisation of two, beside another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import select

from models.installation import ENCRYPTED_COLUMNS, bots, installations
from sandbox.config import ORGANISATION_ID, SECOND_TEAM_ID
from sandbox.records import User
from tests.handlers.all_screens import ACME_SECRETS, NAMES
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE, World
from tests.world import world as open_world
from tests.yaml_files import read_yaml

CLIENT_ID, CLIENT_SECRET = "1000.2000", "sandbox-client-secret"  # as the sandbox has them
# Olga's own card has the same last digits.
OF_ACME_ALONE = {*ACME_SECRETS, *NAMES} - {"4242"}
KEY = Fernet.generate_key().decode()


def two_workspaces() -> dict[str, Any]:
    """tests/workspace.yml, with nobody's app installed yet, and a second workspace of as many rights."""
    listed: dict[str, Any] = read_yaml(WORKSPACE)
    listed["app"]["manifest"] = str(WORKSPACE.parents[1] / "manifest.yml")
    listed["teams"] = [{**team, "installed": False} for team in listed["teams"]]
    listed["channels"].append({"id": "C06OTHER", "name": "other", "team": "T02OTHER", "members": ["U20OLGA"]})
    return listed


@asynccontextmanager
async def open_workspaces(*, organisation: bool = False, **settings: Any) -> AsyncIterator[World]:
    many: Any = {
        "slack_client_id": CLIENT_ID,
        "slack_client_secret": CLIENT_SECRET,
        "token_encryption_keys": KEY,
    }
    many |= {"account_services_team": "T01ACME", **settings}
    async with open_world(workspace=two_workspaces(), organisation=organisation, **many) as world:
        if organisation:
            world.slack.slack.workspace.teams[ORGANISATION_ID].installation = None
        world.slack.slack.workspace.config.app.redirect_url = (
            f"http://127.0.0.1:{world.port}/slack/oauth_redirect"
        )
        yield world


async def asked_of_slack(world: World, client: httpx.AsyncClient) -> tuple[str, str]:
    """The address of Slack's page, and the cookie that ties it to this browser."""
    answer = await client.get(f"http://127.0.0.1:{world.port}/slack/install")
    assert answer.status_code == 302
    # It is for HTTPS alone; here it is carried by hand.
    return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


async def install(world: World, team: str) -> httpx.Response:
    """As somebody does in a browser: from the bot's page over Slack's and back."""
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
        page, cookie = await asked_of_slack(world, client)
        assert "Allow Seatbot in" in (await client.get(page)).text
        allowed = await client.get(f"{page}&allow={team}")
        return await client.get(allowed.headers["location"], headers={"Cookie": cookie})


async def load_tokens(world: World) -> list[str]:
    async with world.dependencies.read() as session:
        columns = [
            table.c[name] for table in (bots, installations) for name in ENCRYPTED_COLUMNS if name in table.c
        ]
        connection = await session.connection()
        rows = [row for c in columns for row in (await connection.execute(select(c))).scalars()]
    return [token for token in rows if token]


@asynccontextmanager
async def installed_everywhere(*, organisation: bool = False) -> AsyncIterator[World]:
    """With `organisation`, Acme's is organisation-wide, and Otto is of its second workspace alone."""
    async with open_workspaces(organisation=organisation) as world:
        acme = ORGANISATION_ID if organisation else "T01ACME"
        if organisation:
            world.slack.slack.workspace.users["W30OTTO"] = User(
                "W30OTTO",
                SECOND_TEAM_ID,
                "otto",
                "Otto East",
                "alice@acme.example",
                enterprise_id=ORGANISATION_ID,
            )
        for team, channels in ((acme, ["C01BILLING", "C08SERVICES"]), ("T02OTHER", ["C06OTHER"])):
            assert (await install(world, team)).status_code == 200
            for channel in channels:
                world.slack.get_channel(channel).add_bot()
        yield world
