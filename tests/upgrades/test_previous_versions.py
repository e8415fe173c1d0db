"""Upgrading without stopping (docs/operate.md): replicas of earlier versions go on beside this schema."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlmodel import Session, SQLModel, select

from models.migrations.previous_version import OLDEST_SUPPORTED_REVISION
from models.migrations.run import list_revisions, upgrade_database
from tests.models.migrated import create_empty_engine
from tests.models.schema import Schema, read_schema
from tests.upgrades.recording import Recording, replay

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json.gz"))
NAMES = [path.name.removesuffix(".json.gz") for path in RECORDINGS]
# Fewer than what a day with every button pressed sends: else something was not recorded.
MIN_STATEMENTS = 100

# By constraint or trigger: why no statement of an earlier version fails for its change.
HARMLESS = {
    "account.ck_account_taxexemption": "checks a new column, whose default it allows",
    "audit_chain_tip_forward_only": "a history may also move on by several entries",
    "cart_line.fk_cart_line_cart_id_cart": "lines now go with their cart",
    "notice.ck_notice_noticekind": "allows more kinds",
    "payment_method.ck_payment_method_card": "every method of theirs is a card, and has what it asks for",
}


@contextmanager
def open_upgraded(dialect: str) -> Iterator[Connection]:
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection)
    if dialect == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)
def test_statements_of_an_earlier_version_work_and_its_rows_can_be_read(path: Path) -> None:
    recording, dialect = Recording.load(path), path.name.split(".")[-3]
    assert len(recording.statements) > MIN_STATEMENTS
    with open_upgraded(dialect) as connection:
        assert replay(recording, connection) == []
        read_everything(connection)


def read_everything(connection: Connection) -> None:
    """Every row of every table, as this version's code reads it."""
    with Session(connection) as session:
        rows = {table.__name__: len(session.exec(select(table)).all()) for table in list_tables(SQLModel)}
    assert rows["ServiceOrder"]
    assert rows["Receipt"]


def list_tables(base: type[SQLModel]) -> Iterator[Any]:
    for model in base.__subclasses__():
        if hasattr(model, "__table__"):
            yield model
        yield from list_tables(model)


def test_a_version_is_supported_as_long_as_there_is_a_recording_of_it() -> None:
    revisions = {Recording.load(path).revision for path in RECORDINGS}
    assert revisions <= {*list_revisions()}
    assert min(revisions) == OLDEST_SUPPORTED_REVISION


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_migrations_drop_rename_and_tighten_nothing_that_a_supported_version_uses(dialect: str) -> None:
    """Expand first, contract a version later: docs/operate.md, *Upgrading*."""
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection, OLDEST_SUPPORTED_REVISION)
        before = read_schema(connection)
        upgrade_database(connection)
        after = read_schema(connection)
    engine.dispose()
    assert {*list_incompatible_changes(before, after)} - HARMLESS.keys() == set()


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Engine]:
    engine = create_empty_engine("postgresql")
    with engine.begin() as connection:
        upgrade_database(connection)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def schema(upgraded: Engine) -> Schema:
    with upgraded.connect() as connection:
        return read_schema(connection)


def list_incompatible_changes(before: Schema, after: Schema) -> Iterator[str]:
    """What may refuse a statement that was fine before, by name."""
    for table, old in before["tables"].items():
        new = after["tables"].get(table)
        names = [""] if new is None else [*list_changed_columns(old, new), *list_new_constraints(old, new)]
        yield from (f"{table}.{name}".rstrip(".") for name in names)
    for name, definition in after["triggers"].items():
        found = re.search(r" ON (?:public\.)?(\w+)", definition)
        assert found is not None
        # Those that wake the jobs refuse nothing.
        if found[1] in before["tables"] and "notify_jobs" not in definition:
            yield from [name] * (before["triggers"].get(name) != definition)
    for name, body in before["functions"].items():
        yield from [name] * (after["functions"].get(name, body) != body)


def list_changed_columns(old: Schema, new: Schema) -> Iterator[str]:
    for name in {**old["columns"], **new["columns"]}:
        type_, default, is_required = parse_column(new["columns"].get(name, ""))
        if name not in old["columns"]:
            is_changed = is_required and default is None
        else:
            old_type, old_default, was_required = parse_column(old["columns"][name])
            lost_default = old_default is not None and default is None
            is_changed = type_ != old_type or (is_required and (not was_required or lost_default))
        yield from [name] * is_changed


def parse_column(definition: str) -> tuple[str, str | None, bool]:
    """Its type, its default, and whether it must have a value."""
    without_null = definition.removesuffix(" NOT NULL")
    type_, _, default = without_null.partition(" DEFAULT ")
    return type_, default or None, without_null != definition


def list_new_constraints(old: Schema, new: Schema) -> Iterator[str]:
    """And unique ones that are gone: `ON CONFLICT` needs them."""
    for kind in ("primary_key", "unique"):
        names = {**old[kind], **new[kind]}
        yield from (name for name in names if old[kind].get(name) != new[kind].get(name))
    yield from (name for name, check in new["checks"].items() if old["checks"].get(name) != check)
    for name, index in new["indexes"].items():
        yield from [name] * (index.startswith("UNIQUE") and old["indexes"].get(name) != index)
    for name, key in new["foreign_keys"].items():
        # They leave new columns empty.
        columns = key.partition(")")[0].strip("(").split(", ")
        yield from [name] * (old["foreign_keys"].get(name) != key and {*columns} <= old["columns"].keys())


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("DROP TABLE cart_line", "cart_line"),
        ("ALTER TABLE account DROP COLUMN city", "account.city"),
        ("ALTER TABLE account RENAME COLUMN city TO town", "account.city"),
        ("ALTER TABLE account ALTER COLUMN channel SET NOT NULL", "account.channel"),
        ("ALTER TABLE account ALTER COLUMN name TYPE VARCHAR(9)", "account.name"),
        ("ALTER TABLE account ADD COLUMN vat VARCHAR NOT NULL", "account.vat"),
        ("ALTER TABLE account ADD CONSTRAINT ck CHECK (name <> '')", "account.ck"),
        ("ALTER TABLE product ADD CONSTRAINT uq UNIQUE (name)", "product.uq"),
        ("CREATE UNIQUE INDEX uq ON product (name)", "product.uq"),
        ("ALTER TABLE product ADD CONSTRAINT fk FOREIGN KEY (name) REFERENCES account (id)", "product.fk"),
        (
            "ALTER TABLE cart DROP CONSTRAINT uq_cart_account_id_contact_id",
            "cart.uq_cart_account_id_contact_id",
        ),
    ],
)
def test_a_change_that_an_earlier_version_would_fail_for_is_found(
    upgraded: Engine, schema: Schema, change: str, name: str
) -> None:
    with upgraded.connect() as connection:
        connection.exec_driver_sql(change)
        assert name in [*list_incompatible_changes(schema, read_schema(connection))]
        connection.rollback()
