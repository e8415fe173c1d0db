"""A long past, a crowd of accounts, a full outbox: copies of what was made by the bot's own means."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import Connection, create_engine, inspect, text

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

# An order every four hours: 10,000 take four and a half years.
EVERY_SECONDS = 4 * 3600
# Far above what is there already.
FAR = 10_000_000
ROWS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series({first}, {last})) ",
}
EARLIER = {
    "sqlite": "datetime({column}, '-' || (i * {seconds}) || ' seconds')",
    "postgresql": "{column} - i * {seconds} * interval '1 second'",
}
ID = f"{FAR} + i"
ORDERS: dict[str, dict[str, str]] = {
    "quote": {"id": ID, "number": "'SQ-' || ({id})"},
    "quote_line": {"id": ID, "quote_id": ID},
    "service_order": {
        "id": ID,
        "number": "'SO-' || ({id})",
        "quote_id": ID,
        "placed_at": "<",
        "finished_at": "<",
    },
    "order_line": {"id": ID, "order_id": ID, "quote_line_id": ID, "settled_at": "<"},
    "receipt": {"id": ID, "number": "'R-' || ({id})", "order_id": ID, "issued_at": "<"},
    "audit_entry": {"id": ID, "number": ID, "subject": "'service_order:SO-' || ({id})", "at": "<"},
}
OLD_NOTICES = {"notice": {"id": ID, "event": "'old:' || i", "order_id": ID, "due_at": "<"}}
ACCOUNTS: dict[str, dict[str, str]] = {
    "account": {"id": "'copy-' || i", "channel": "'CX' || i"},
    "billing_contact": {
        "id": ID,
        "account_id": "'copy-' || i",
        "email": "'copy' || i",
        "slack_user": "'UX' || i",
    },
    "administrator": {"id": ID, "account_id": "'copy-' || i"},
    "payment_method": {"id": "'copy-' || i", "account_id": "'copy-' || i"},
    "subscription": {"id": "'copy-' || i", "account_id": "'copy-' || i"},
}


def waiting_notices(team: str, channel: str) -> dict[str, dict[str, str]]:
    """`team` and `channel` in SQL, of `i`."""
    return {
        "notice": {
            "id": ID,
            "event": "'due:' || i",
            "order_id": ID,
            "team": team,
            "destination": f"'channel:' || {channel}",
            "kind": "'order_overdue'",
            "status": "'waiting'",
            "delivered_at": "NULL",
        }
    }


@contextmanager
def filling(url: str) -> Iterator[Connection]:
    """Nothing is lost by not waiting for the disk."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
        yield connection
        connection.commit()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    engine.dispose()


def multiply(connection: Connection, tables: dict[str, dict[str, str]], rows: int, *, first: int = 1) -> None:
    """So many copies of each table's first row, each value as it says; `<` is ever longer ago."""
    kind = connection.dialect.name
    numbered = ROWS[kind].format(first=first, last=first + rows - 1)
    for table, values in tables.items():
        columns = [column["name"] for column in inspect(connection).get_columns(table)]
        chosen = ", ".join(_value(kind, column, values.get(column)) for column in columns)
        names = ", ".join(f'"{column}"' for column in columns)
        row = f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS first"
        connection.execute(text(f"INSERT INTO {table} ({names}) {numbered}SELECT {chosen} FROM n, {row}"))


def _value(kind: str, column: str, value: str | None) -> str:
    if value is None:
        return f'first."{column}"'
    if value == "<":
        return EARLIER[kind].format(column=f'first."{column}"', seconds=EVERY_SECONDS)
    return value.replace("{id}", ID)


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
        sheet = await save_cart(services, person=person, account_id=account(0), seat_inputs=typed)
        checkout = await open_checkout(services, person=person, quote_id=sheet.quote.key)
        await save_checkout(services, person=person, quote_id=sheet.quote.key, form=checkout.form)
        await place_service_order(services, person=person, quote_id=sheet.quote.key)
        await services.tasks.wait_until_idle()
