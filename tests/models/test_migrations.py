"""The migrations lead to what the models say, and back; after each every guard is there."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Session, select

from models.document_sequence import DocumentSequence
from models.migrations.run import MIGRATIONS_DIR, get_head_revision, is_at_head
from models.migrations.tables import metadata
from tests.models.migrated import (
    Migrated,
)


def test_the_first_upgrade_is_undone_by_a_downgrade(migrated: Migrated) -> None:
    assert migrated.emptied == {"triggers": set(), "alembic_version": set()}


def test_every_guard_is_restored_after_downgrade_and_upgrade(migrated: Migrated) -> None:
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
    scripts = ScriptDirectory(str(MIGRATIONS_DIR))
    assert get_head_revision() == scripts.get_current_head()


def test_a_migrated_database_knows_that_it_is(migrated: Migrated) -> None:
    with migrated.engine.connect() as connection:
        assert is_at_head(connection)


def test_numbers_start_after_a_thousand(migrated: Migrated) -> None:
    with Session(migrated.engine) as session:
        assert {n.prefix: n.last_number for n in session.exec(select(DocumentSequence))} == {
            "SQ": 1000,
            "SO": 1000,
            "R": 1000,
        }
