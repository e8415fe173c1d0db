"""A long past, a crowd of accounts, a full outbox: copies of what was made by the bot's own means."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.accounts import account, subscription, user
from bench.fake_slack import TEAM, FakeSlack
from bench.processes import TOKEN
from bench.slack_requests import SECRET
from bot.bootstrap import now, open_services, open_slack_clients
from bot.db import Database
from bot.permissions import SlackIdentity
from bot.services import Services
from bot.settings import Settings
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout import open_checkout, save_checkout
from bot.use_cases.service_order.place import place_service_order
from bot.use_cases.slack_user import refresh_slack_user
from tests.past_orders import COPY_ID

ACCOUNTS: dict[str, dict[str, str]] = {
    "account": {"id": "'copy-' || i", "channel": "'CX' || i"},
    "billing_contact": {
        "id": COPY_ID,
        "account_id": "'copy-' || i",
        "email": "'copy' || i",
        "slack_user": "'UX' || i",
    },
    "administrator": {"id": COPY_ID, "account_id": "'copy-' || i"},
    "payment_method": {"id": "'copy-' || i", "account_id": "'copy-' || i"},
    "subscription": {"id": "'copy-' || i", "account_id": "'copy-' || i"},
}


def waiting_notices(team: str, channel: str) -> dict[str, dict[str, str]]:
    """`team` and `channel` in SQL, of `i`."""
    return {
        "notice": {
            "id": COPY_ID,
            "event": "'due:' || i",
            "order_id": COPY_ID,
            "team": team,
            "destination": f"'channel:' || {channel}",
            "kind": "'order_overdue'",
            "status": "'waiting'",
            "delivered_at": "NULL",
        }
    }


@asynccontextmanager
async def services_on(url: str, slack: FakeSlack) -> AsyncIterator[Services]:
    """The bot's services in this process."""
    settings = Settings(
        _env_file=None,
        slack_bot_token=TOKEN,
        slack_signing_secret=SECRET,
        slack_api_url=slack.url,
        database_url=url,
    )
    database = Database(url)
    async with (
        open_slack_clients(settings, database) as clients,
        open_services(settings, database, clients, now) as services,
    ):
        yield services


async def place_one(url: str, slack: FakeSlack) -> None:
    """The first person's order, completed, with all that comes with it."""
    async with services_on(url, slack) as services:
        person = SlackIdentity(TEAM, user(0), "bench")
        await refresh_slack_user(services, person)
        typed = {subscription(0): "2"}
        details = await save_cart(services, person=person, account_id=account(0), seat_inputs=typed)
        checkout = await open_checkout(services, person=person, quote_id=details.quote.key)
        await save_checkout(services, person=person, quote_id=details.quote.key, form=checkout.form)
        await place_service_order(services, person=person, quote_id=details.quote.key)
        await services.tasks.wait_until_idle()


async def fetch_people(url: str, slack: FakeSlack, people: int) -> None:
    """Stores who they are, for a program that does not look people up itself."""
    async with services_on(url, slack) as services:
        for n in range(people):
            await refresh_slack_user(services, SlackIdentity(TEAM, user(n), "bench"))
