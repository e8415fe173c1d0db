"""Fills a database with past orders, accounts and due notices: copies of rows that the bot's own code
created."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.accounts import get_account_id, get_subscription_id, get_user_id
from bench.fake_slack import TEAM, FakeSlack
from bench.processes import TOKEN
from bench.slack_requests import SIGNING_SECRET
from bot.bootstrap import now, open_dependencies, open_slack_clients
from bot.db import Database
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.settings import Settings
from bot.use_cases.cart.save import save_cart
from bot.use_cases.checkout.open import open_checkout
from bot.use_cases.checkout.save import save_checkout
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


def build_waiting_notices(team: str, channel: str) -> dict[str, dict[str, str]]:
    """`team` and `channel` are SQL expressions of `i`."""
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
async def open_bot_dependencies(url: str, slack: FakeSlack) -> AsyncIterator[Dependencies]:
    """The bot's dependencies in this process."""
    settings = Settings(
        _env_file=None,
        slack_bot_token=TOKEN,
        slack_signing_secret=SIGNING_SECRET,
        slack_api_url=slack.url,
        database_url=url,
    )
    database = Database(url)
    async with (
        open_slack_clients(settings, database) as clients,
        open_dependencies(settings, database, clients, now) as dependencies,
    ):
        yield dependencies


async def place_first_order(url: str, slack: FakeSlack) -> None:
    """Places and completes an order of the first person."""
    async with open_bot_dependencies(url, slack) as dependencies:
        person = SlackIdentity(TEAM, get_user_id(0), "bench")
        await refresh_slack_user(dependencies, person)
        seats = {get_subscription_id(0): "2"}
        details = await save_cart(
            dependencies, person=person, account_id=get_account_id(0), seat_inputs=seats
        )
        checkout = await open_checkout(dependencies, person=person, quote_id=details.quote.key)
        await save_checkout(dependencies, person=person, quote_id=details.quote.key, form=checkout.form)
        await place_service_order(dependencies, person=person, quote_id=details.quote.key)
        await dependencies.tasks.wait_until_idle()


async def fetch_slack_users(url: str, slack: FakeSlack, people: int) -> None:
    """Stores the Slack profiles, for a program that doesn't fetch them itself."""
    async with open_bot_dependencies(url, slack) as dependencies:
        for n in range(people):
            await refresh_slack_user(dependencies, SlackIdentity(TEAM, get_user_id(n), "bench"))
