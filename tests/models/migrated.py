"""A migrated database, what guards it, and rows that may stand in it."""

from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel

from bot.db import to_driver_url
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.migrations.run import downgrade_database, upgrade_database
from models.service_order import AttemptOutcome, ChargeAttempt, LineStatus, OrderStatus
from tests.models.examples import (
    NOW,
    make_account,
    make_order,
    make_order_line,
    make_payment_method,
    make_product,
    make_quote,
    make_quote_line,
    make_subscription,
)
from tests.postgres import create_database

Shape = dict[str, set[str]]


def read_shape(connection: Connection) -> Shape:
    """The names of what guards each table, and of the triggers."""
    inspector = inspect(connection)
    found: Shape = {"triggers": _list_triggers(connection)}
    for table in inspector.get_table_names():
        found[table] = {
            *(str(c["name"]) for c in inspector.get_check_constraints(table)),
            *(str(c["name"]) for c in inspector.get_unique_constraints(table)),
            *(str(i["name"]) for i in inspector.get_indexes(table)),
            *(str(f["name"]) for f in inspector.get_foreign_keys(table)),
        }
    return found


def _list_triggers(connection: Connection) -> set[str]:
    sqlite = connection.dialect.name == "sqlite"
    where = "sqlite_master WHERE type = 'trigger'" if sqlite else "pg_trigger WHERE NOT tgisinternal"
    column = "name" if sqlite else "tgname"
    return set(connection.execute(text(f"SELECT {column} FROM {where}")).scalars())


def create_empty_engine(dialect: str) -> Engine:
    if dialect == "sqlite":
        return create_engine("sqlite://", poolclass=StaticPool)
    return create_engine(to_driver_url(create_database("migrations")))


class Migrated:
    """A database after upgrade, downgrade and upgrade; and what was there after each."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            upgrade_database(connection)
            self.first = read_shape(connection)
        with engine.begin() as connection:
            downgrade_database(connection)
            self.emptied = read_shape(connection)
        with engine.begin() as connection:
            upgrade_database(connection)
            self.last = read_shape(connection)
        self.rows = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.store(*_build_parent_rows())

    def store(self, *rows: SQLModel) -> None:
        """Store the rows, each in its turn."""
        with Session(self.rows, expire_on_commit=False) as session:
            for row in rows:
                session.add(row)
                session.flush()

    def run(self, statement: str, **values: Any) -> None:
        with self.rows.connect() as connection:
            connection.execute(text(statement), values)


def _build_parent_rows() -> list[SQLModel]:
    return [
        make_account(),
        make_product(),
        BillingContact(id=1, account_id="acme", email="alice@acme.example", name="Alice Martin"),
        Administrator(id=1, account_id="acme", email="hugo@acme.example", name="Hugo Petit"),
        make_payment_method(),
    ]


_numbers = count(1)


def get_next_number() -> int:
    """One that no other row has."""
    return next(_numbers)


def store_quote(migrated: Migrated, **changes: Any) -> int:
    quote = make_quote(number=f"SQ-{get_next_number()}", **changes)
    migrated.store(quote)
    return quote.key


def store_order(migrated: Migrated, status: OrderStatus = OrderStatus.PLACED) -> int:
    finished = NOW if status in (OrderStatus.COMPLETED, OrderStatus.FAILED) else None
    order = make_order(
        number=f"SO-{get_next_number()}", quote_id=store_quote(migrated), status=status, finished_at=finished
    )
    migrated.store(order)
    return order.key


def store_subscription(migrated: Migrated) -> str:
    subscription = make_subscription(id=f"sub_{get_next_number()}")
    migrated.store(subscription)
    return subscription.id


def store_line(migrated: Migrated, status: LineStatus, subscription: str | None = None) -> int:
    subscription = subscription or store_subscription(migrated)
    promised = make_quote_line(quote_id=store_quote(migrated), subscription_id=subscription)
    migrated.store(promised)
    line = make_order_line(
        order_id=store_order(migrated),
        quote_line_id=promised.id,
        subscription_id=subscription,
        status=status,
        settled_at=NOW if status is LineStatus.SETTLED else None,
    )
    migrated.store(line)
    return line.key


def try_statement(migrated: Migrated, statement: str, **values: Any) -> str:
    """ "allowed", or the name of the guard that refused."""
    try:
        migrated.run(statement, **values)
    except IntegrityError as error:
        return str(error.orig).splitlines()[0]
    return "allowed"


def make_charge_attempt(line_id: int, number: int, outcome: AttemptOutcome | None) -> ChargeAttempt:
    return ChargeAttempt(
        order_line_id=line_id,
        number=number,
        idempotency_key=f"line-{line_id}-{number}",
        payment_method_id="pm_1",
        expected_seats=25,
        started_at=NOW,
        outcome=outcome,
        ended_at=NOW if outcome else None,
    )
