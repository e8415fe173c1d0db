"""The database refuses, by itself, what the models refuse; and after every migration still does."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import count, product
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, Engine, UniqueConstraint, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, select

from bot.db import driver_url
from models import migrations, quote, service_order
from models.administrator import Administrator
from models.audit_entry import AuditHead
from models.billing_contact import BillingContact
from models.ledger import LedgerSubscription
from models.migrations.tables import metadata
from models.notice import Notice, NoticeKind, NoticeStatus
from models.numbering import Numbering
from models.payment_method import PaymentMethod
from models.quote import QuoteStatus
from models.service_order import BUSY, AttemptOutcome, ChargeAttempt, LineStatus, OrderStatus
from tests.models.examples import (
    NOW,
    a_line,
    a_method,
    a_product,
    a_quote,
    a_quote_line,
    a_receipt,
    a_subscription,
    an_account,
    an_entry,
    an_order,
)
from tests.postgres import new_database

Shape = dict[str, set[str]]


def shape(connection: Connection) -> Shape:
    """The names of what guards each table, and of the triggers."""
    inspector = inspect(connection)
    found: Shape = {"triggers": _triggers(connection)}
    for table in inspector.get_table_names():
        found[table] = {
            *(str(c["name"]) for c in inspector.get_check_constraints(table)),
            *(str(c["name"]) for c in inspector.get_unique_constraints(table)),
            *(str(i["name"]) for i in inspector.get_indexes(table)),
            *(str(f["name"]) for f in inspector.get_foreign_keys(table)),
        }
    return found


def _triggers(connection: Connection) -> set[str]:
    sqlite = connection.dialect.name == "sqlite"
    where = "sqlite_master WHERE type = 'trigger'" if sqlite else "pg_trigger WHERE NOT tgisinternal"
    column = "name" if sqlite else "tgname"
    return set(connection.execute(text(f"SELECT {column} FROM {where}")).scalars())


def _engine(dialect: str) -> Engine:
    if dialect == "sqlite":
        return create_engine("sqlite://", poolclass=StaticPool)
    return create_engine(driver_url(new_database("migrations")))


class Migrated:
    """A database after upgrade, downgrade and upgrade; and what was there after each."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            migrations.upgrade(connection)
            self.first = shape(connection)
        with engine.begin() as connection:
            migrations.downgrade(connection)
            self.emptied = shape(connection)
        with engine.begin() as connection:
            migrations.upgrade(connection)
            self.last = shape(connection)
        self.rows = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.store(*_founders())

    def store(self, *rows: SQLModel) -> None:
        """Store the rows, each in its turn."""
        with Session(self.rows, expire_on_commit=False) as session:
            for row in rows:
                session.add(row)
                session.flush()

    def run(self, statement: str, **values: Any) -> None:
        with self.rows.connect() as connection:
            connection.execute(text(statement), values)


def _founders() -> list[SQLModel]:
    return [
        an_account(),
        a_product(),
        BillingContact(id=1, account_id="acme", email="alice@acme.example", name="Alice Martin"),
        Administrator(id=1, account_id="acme", email="hugo@acme.example", name="Hugo Petit"),
        a_method(),
    ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Iterator[Migrated]:
    engine = _engine(request.param)
    yield Migrated(engine)
    engine.dispose()


_numbers = count(1)


def stored_quote(migrated: Migrated, **changes: Any) -> int:
    quote = a_quote(number=f"SQ-{next(_numbers)}", **changes)
    migrated.store(quote)
    return quote.key


def stored_order(migrated: Migrated, status: OrderStatus = OrderStatus.PLACED) -> int:
    finished = NOW if status in (OrderStatus.COMPLETED, OrderStatus.FAILED) else None
    order = an_order(
        number=f"SO-{next(_numbers)}", quote_id=stored_quote(migrated), status=status, finished_at=finished
    )
    migrated.store(order)
    return order.key


def stored_subscription(migrated: Migrated) -> str:
    subscription = a_subscription(id=f"sub_{next(_numbers)}")
    migrated.store(subscription)
    return subscription.id


def stored_line(migrated: Migrated, status: LineStatus, subscription: str | None = None) -> int:
    subscription = subscription or stored_subscription(migrated)
    promised = a_quote_line(quote_id=stored_quote(migrated), subscription_id=subscription)
    migrated.store(promised)
    line = a_line(
        order_id=stored_order(migrated),
        quote_line_id=promised.id,
        subscription_id=subscription,
        status=status,
        settled_at=NOW if status is LineStatus.SETTLED else None,
    )
    migrated.store(line)
    return line.key


# --- the shape


def test_the_first_upgrade_is_undone_by_a_downgrade(migrated: Migrated) -> None:
    assert migrated.emptied == {"triggers": set(), "alembic_version": set()}


def test_after_down_and_up_every_guard_is_there_again(migrated: Migrated) -> None:
    assert migrated.last == migrated.first


def test_r18_the_triggers_are_there(migrated: Migrated) -> None:
    guards = {"audit_entry_no_update", "audit_entry_no_delete"}
    guards |= {"quote_transition", "service_order_transition", "order_line_transition"}
    assert guards <= migrated.last["triggers"]


def test_every_constraint_and_index_of_the_models_is_in_the_database(migrated: Migrated) -> None:
    for table in metadata.tables.values():
        named = (CheckConstraint, UniqueConstraint)
        wanted = {str(c.name) for c in table.constraints if isinstance(c, named)}
        wanted |= {str(i.name) for i in table.indexes}
        wanted |= {str(f.name) for f in table.foreign_key_constraints}
        assert wanted <= migrated.last[table.name], table.name


def test_the_models_and_the_migrated_database_are_the_same(migrated: Migrated) -> None:
    with migrated.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_last_migration_is_the_one_whose_file_has_the_highest_number() -> None:
    scripts = ScriptDirectory(str(migrations.FOLDER))
    assert migrations.head() == scripts.get_current_head()


def test_a_migrated_database_knows_that_it_is(migrated: Migrated) -> None:
    with migrated.engine.connect() as connection:
        assert migrations.at_head(connection)


def test_numbers_start_after_a_thousand(migrated: Migrated) -> None:
    with Session(migrated.engine) as session:
        assert {n.prefix: n.last for n in session.exec(select(Numbering))} == {
            "SQ": 1000,
            "SO": 1000,
            "R": 1000,
        }


# --- transitions


def attempt(migrated: Migrated, statement: str, **values: Any) -> str:
    """ "allowed", or the name of the guard that refused."""
    try:
        migrated.run(statement, **values)
    except IntegrityError as error:
        return str(error.orig).splitlines()[0]
    return "allowed"


def expected(table: str, follows: bool) -> str:
    return "allowed" if follows else f"{table}_transition"


def pairs(states: type[StrEnum]) -> list[tuple[StrEnum, ...]]:
    return list(product(states, repeat=2))


@pytest.mark.parametrize(("current", "to"), pairs(QuoteStatus))
def test_r18_the_database_takes_the_quotes_transitions_and_no_other(
    migrated: Migrated, current: QuoteStatus, to: QuoteStatus
) -> None:
    pending = QuoteStatus.PENDING
    quote_id = stored_quote(migrated, status=current, decided_at=None if current is pending else NOW)
    decided = "NULL" if to is pending else "CURRENT_TIMESTAMP"
    update = f"UPDATE quote SET status = '{to}', decided_at = {decided} WHERE id = {quote_id}"
    follows = to is current or to in quote.NEXT_STATUSES[current]
    assert attempt(migrated, update) == expected("quote", follows)


@pytest.mark.parametrize(("current", "to"), pairs(OrderStatus))
def test_r18_the_database_takes_the_orders_transitions_and_no_other(
    migrated: Migrated, current: OrderStatus, to: OrderStatus
) -> None:
    order_id = stored_order(migrated, current)
    finished = "CURRENT_TIMESTAMP" if to in (OrderStatus.COMPLETED, OrderStatus.FAILED) else "NULL"
    update = f"UPDATE service_order SET status = '{to}', finished_at = {finished} WHERE id = {order_id}"
    follows = to is current or to in service_order.NEXT_STATUSES[current]
    assert attempt(migrated, update) == expected("service_order", follows)


@pytest.mark.parametrize(("current", "to"), pairs(LineStatus))
def test_r18_the_database_takes_the_lines_transitions_and_no_other(
    migrated: Migrated, current: LineStatus, to: LineStatus
) -> None:
    line_id = stored_line(migrated, current)
    settled = "CURRENT_TIMESTAMP" if to is LineStatus.SETTLED else "NULL"
    update = f"UPDATE order_line SET status = '{to}', settled_at = {settled} WHERE id = {line_id}"
    follows = to is current or to in service_order.NEXT_LINE_STATUSES[current]
    assert attempt(migrated, update) == expected("order_line", follows)


# --- the history


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE audit_entry SET reason = 'another'", "audit_entry_no_update"),
        ("UPDATE audit_entry SET number = number", "audit_entry_no_update"),
        ("DELETE FROM audit_entry", "audit_entry_no_delete"),
    ],
)
def test_r18_the_history_cannot_be_rewritten(migrated: Migrated, statement: str, guard: str) -> None:
    migrated.store(an_entry(number=next(_numbers)))
    assert attempt(migrated, statement) == guard


def test_r18_the_history_cannot_be_replaced_or_emptied(migrated: Migrated) -> None:
    number = next(_numbers)
    migrated.store(an_entry(number))
    sqlite = migrated.engine.dialect.name == "sqlite"
    replace = "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry"
    assert attempt(migrated, replace if sqlite else "TRUNCATE audit_entry") != "allowed"


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM audit_head", "audit_head_no_delete"),
        ("UPDATE audit_head SET number = number - 1", "audit_head_goes_on"),
        ("UPDATE audit_head SET hash = 'another'", "audit_head_goes_on"),
        ("UPDATE audit_head SET number = number + 1", "allowed"),
    ],
)
def test_r18_the_end_of_a_history_only_moves_on(migrated: Migrated, statement: str, guard: str) -> None:
    account_id = f"account_{next(_numbers)}"
    migrated.store(an_account(id=account_id), AuditHead(account_id=account_id, number=7, hash="f" * 64))
    assert attempt(migrated, f"{statement} WHERE account_id = '{account_id}'") == guard


# --- uniqueness


@pytest.mark.parametrize(("first", "second"), list(product(BUSY, repeat=2)))
def test_r19_a_subscription_has_one_busy_line(
    migrated: Migrated, first: LineStatus, second: LineStatus
) -> None:
    subscription = stored_subscription(migrated)
    stored_line(migrated, first, subscription)
    with pytest.raises(IntegrityError, match=r"uq_order_line_busy|subscription_id"):
        stored_line(migrated, second, subscription)


@pytest.mark.parametrize("waiting", [s for s in LineStatus if s not in BUSY])
def test_r19_beside_a_busy_line_others_wait_or_are_done(migrated: Migrated, waiting: LineStatus) -> None:
    subscription = stored_subscription(migrated)
    stored_line(migrated, LineStatus.CHARGING, subscription)
    stored_line(migrated, waiting, subscription)


def an_attempt(line_id: int, number: int, outcome: AttemptOutcome | None) -> ChargeAttempt:
    return ChargeAttempt(
        order_line_id=line_id,
        number=number,
        key=f"line-{line_id}-{number}",
        payment_method_id="pm_1",
        expected_seats=25,
        started_at=NOW,
        outcome=outcome,
        ended_at=NOW if outcome else None,
    )


def test_r19_a_line_settles_once_over_all_its_attempts(migrated: Migrated) -> None:
    line_id = stored_line(migrated, LineStatus.CHARGING)
    declined, settled = AttemptOutcome.DECLINED, AttemptOutcome.SETTLED
    tries = [declined, declined, None, settled]
    migrated.store(*(an_attempt(line_id, number, outcome) for number, outcome in enumerate(tries)))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_settled|order_line_id"):
        migrated.store(an_attempt(line_id, 9, settled))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_settled|order_line_id"):
        migrated.run(
            "UPDATE charge_attempt SET outcome = 'settled', ended_at = CURRENT_TIMESTAMP "
            f"WHERE order_line_id = {line_id}"
        )


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_r19_a_line_has_one_open_attempt(migrated: Migrated, outcome: AttemptOutcome) -> None:
    line_id = stored_line(migrated, LineStatus.UNKNOWN)
    migrated.store(an_attempt(line_id, 1, outcome), an_attempt(line_id, 2, None))
    with pytest.raises(IntegrityError, match=r"uq_charge_attempt_open|order_line_id"):
        migrated.store(an_attempt(line_id, 3, None))


@pytest.mark.parametrize(
    "change",
    [
        *("outcome = 'settled'", "ended_at = CURRENT_TIMESTAMP", "expected_seats = -1"),
        "outcome = 'lost', ended_at = CURRENT_TIMESTAMP",
    ],
)
def test_impossible_values_of_an_attempt_cannot_be_stored(migrated: Migrated, change: str) -> None:
    line_id = stored_line(migrated, LineStatus.CHARGING)
    migrated.store(an_attempt(line_id, 1, None))
    update = f"UPDATE charge_attempt SET {change} WHERE order_line_id = {line_id}"
    assert attempt(migrated, update) != "allowed"


def test_r3_an_account_has_one_default_method(migrated: Migrated) -> None:
    """A withdrawn one does not count."""
    account_id = f"account-{next(_numbers)}"
    migrated.store(an_account(id=account_id))

    def method(**values: bool) -> PaymentMethod:
        return a_method(id=f"pm_{next(_numbers)}", account_id=account_id, **values)

    migrated.store(method(is_default=True), method(is_default=True, active=False), method(is_default=False))
    with pytest.raises(IntegrityError, match=r"uq_payment_method_default|account_id"):
        migrated.store(method(is_default=True))


def test_r19_a_quote_makes_one_order(migrated: Migrated) -> None:
    quote_id = stored_quote(migrated)
    migrated.store(an_order(number=f"SO-{next(_numbers)}", quote_id=quote_id))
    with pytest.raises(IntegrityError, match="quote_id"):
        migrated.store(an_order(number=f"SO-{next(_numbers)}", quote_id=quote_id))


def test_r13_an_order_has_one_receipt(migrated: Migrated) -> None:
    order_id = stored_order(migrated)
    migrated.store(a_receipt(number=f"R-{next(_numbers)}", order_id=order_id))
    with pytest.raises(IntegrityError, match=r"order_id|receipt_no_replace"):
        migrated.store(a_receipt(number=f"R-{next(_numbers)}", order_id=order_id))


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE receipt SET buyer = 'Other'", "receipt_no_update"),
        ("DELETE FROM receipt", "receipt_no_delete"),
    ],
)
def test_r13_a_receipt_that_was_issued_stays_as_it_is(migrated: Migrated, statement: str, guard: str) -> None:
    migrated.store(a_receipt(number=f"R-{next(_numbers)}", order_id=stored_order(migrated)))
    assert attempt(migrated, statement) == guard


def test_r19_a_key_names_one_attempt(migrated: Migrated) -> None:
    line_id = stored_line(migrated, LineStatus.CHARGING)
    migrated.store(an_attempt(line_id, 1, None))
    with pytest.raises(IntegrityError, match="key"):
        migrated.store(an_attempt(line_id, 2, None).model_copy(update={"key": f"line-{line_id}-1"}))


def test_r18_an_entry_has_a_number_of_its_own(migrated: Migrated) -> None:
    number = next(_numbers)
    migrated.store(an_entry(number))
    with pytest.raises(IntegrityError, match="number"):
        migrated.store(an_entry(number))


# --- values

IN_THE_LEDGER: dict[str, Any] = {
    **a_subscription().model_dump(include={"account_id", "seats", "unit_price", "period"}),
    **a_subscription().model_dump(include={"period_start", "period_end"}),
    "id": "sub_x",
    "anchor_day": 1,
}
TO_TELL: dict[str, Any] = {
    "event": "event:x",
    "account_id": "acme",
    "team": "T01ACME",
    "destination": "contact:1",
    "kind": NoticeKind.PORTAL_CHANGED,
    "created_at": NOW,
    "due_at": NOW,
}


@pytest.mark.parametrize("last4", ["42424", "4242424242424242", "424", ""])
def test_r23_nothing_but_four_digits_of_a_card_can_be_stored(migrated: Migrated, last4: str) -> None:
    # PostgreSQL measures the column before the check: another error, the same refusal.
    with pytest.raises(DBAPIError, match=r"last4|too long"):
        migrated.store(a_method(id=f"pm_{next(_numbers)}", last4=last4))


@pytest.mark.parametrize(
    "row",
    [
        lambda: a_method(id="pm_x", expiry_month=13),
        lambda: a_quote(number="SQ-x", total=1),
        lambda: a_quote(number="SQ-x", subtotal=-1, tax=0, total=-1),
        lambda: a_quote(number="SQ-x", decided_at=NOW),
        lambda: a_quote(number="SQ-x", status=QuoteStatus.ACCEPTED),
        lambda: a_subscription(id="sub_x", seats=-1),
        lambda: a_subscription(id="sub_x", unit_price=-1),
        lambda: a_subscription(id="sub_x", period_end=a_subscription().period_start),
        lambda: LedgerSubscription(**IN_THE_LEDGER | {"seats": -1}),
        lambda: LedgerSubscription(**IN_THE_LEDGER | {"unit_price": -1}),
        lambda: Notice(**TO_TELL, status=NoticeStatus.DELIVERED),
        lambda: Notice(**TO_TELL, delivered_at=NOW),
    ],
)
def test_r17_impossible_values_cannot_be_stored(migrated: Migrated, row: Any) -> None:
    with pytest.raises(IntegrityError):
        migrated.store(row())


@pytest.mark.parametrize(
    "change",
    [
        *("seats = 0", "seats = -1", "amount = -1", "tax = -1"),
        *("status = 'settled'", "settled_at = CURRENT_TIMESTAMP", "status = 'lost'"),
    ],
)
def test_impossible_values_of_a_line_cannot_be_stored(migrated: Migrated, change: str) -> None:
    line_id = stored_line(migrated, LineStatus.CHARGING)
    assert attempt(migrated, f"UPDATE order_line SET {change} WHERE id = {line_id}") != "allowed"


@pytest.mark.parametrize(
    "change", ["status = 'lost'", "finished_at = CURRENT_TIMESTAMP", "status = 'completed'"]
)
def test_impossible_values_of_an_order_cannot_be_stored(migrated: Migrated, change: str) -> None:
    order_id = stored_order(migrated, OrderStatus.PROCESSING)
    assert attempt(migrated, f"UPDATE service_order SET {change} WHERE id = {order_id}") != "allowed"
