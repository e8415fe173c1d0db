"""The first migration of 1.0.0 makes the schema that the migrations before it made, under its new names.

`schema_before_1_0.<dialect>.json` is what the last of those migrations left: they are not kept, so it cannot
be generated again.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from models.migrations.run import upgrade_database
from tests.models.migrated import create_empty_engine
from tests.models.schema import Schema, read_schema

RENAMED_TABLES = {
    "audit_head": "audit_chain_tip",
    "ledger_block": "ledger_seat_block",
    "notice_choice": "notification_preferences",
    "numbering": "document_sequence",
    "received_event": "received_billing_event",
}
# By the table's old name.
RENAMED_COLUMNS = {
    "cart": {"consented_to": "replaceable_quote_ids"},
    "charge_attempt": {"key": "idempotency_key"},
    "checkout": {"typed": "form_values", "saved": "is_saved"},
    "home": {"changes": "change_count", "drawn_at": "published_at"},
    "ledger_charge": {"key": "idempotency_key", "until": "deadline_at"},
    "notice": {"words": "payload"},
    "notice_choice": {"off": "disabled_topics", "daily": "daily_digest", "changed_at": "updated_at"},
    "numbering": {"last": "last_number"},
    "order_line": {"until": "deadline_at", "receipt": "provider_receipt_id"},
    "quote": {"made_elsewhere": "created_externally", "decided_elsewhere": "decided_externally"},
    "refused_block": {"block": "block_type"},
    "service_order": {"given_up": "retries_abandoned"},
}
# By the table's old name, each with a column of the same type. Nothing was released before them.
ADDED_COLUMNS = {"order_line": {"woken_at": "claimed_until"}}
RENAMED_TRIGGERS = {"audit_head_goes_on": "audit_chain_tip_forward_only"}
# Who acted, and what they wrote, can be erased from the history (decision 18): this alone is new in 1.0.0.
NEW_TABLES = {"audit_person"}
REMOVED_COLUMNS = {"audit_entry": {"actor_id", "actor_name"}}
NEW_COLUMNS = {
    "audit_entry": {
        "person_id": "VARCHAR",
        "content_salt": "VARCHAR",
        "content_digest": "VARCHAR",
    }
}
NEW_FOREIGN_KEYS = {
    "audit_entry": {"fk_audit_entry_person_id_audit_person": "(person_id) -> audit_person (id)"}
}
NEW_TRIGGERS = {"audit_person_no_update", "audit_person_no_delete", "audit_person_no_replace"}
# Refused every change; now allows to erase, which test_triggers.py describes.
CHANGED_TRIGGERS = {"audit_entry_no_update"}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_schema_is_that_of_the_migrations_before_it_under_new_names(dialect: str) -> None:
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection, "0001_baseline")
        schema = read_schema(connection)
    engine.dispose()
    before = rename_schema(load_schema_before(dialect))
    assert without_changed(schema) == add_new_columns(without_changed(before))


def without_changed(schema: Schema) -> Schema:
    """The schema without what is new, or was changed on purpose."""
    tables = {name: dict(parts) for name, parts in schema["tables"].items() if name not in NEW_TABLES}
    for table, removed in REMOVED_COLUMNS.items():
        columns = tables[table]["columns"].items()
        tables[table]["columns"] = {name: type_ for name, type_ in columns if name not in removed}
    changed = NEW_TRIGGERS | CHANGED_TRIGGERS
    triggers = {name: sql for name, sql in schema["triggers"].items() if name not in changed}
    functions = {name: sql for name, sql in schema["functions"].items() if name not in NEW_TRIGGERS}
    return {"tables": tables, "triggers": triggers, "functions": functions}


def add_new_columns(schema: Schema) -> Schema:
    tables = schema["tables"]
    for table, columns in NEW_COLUMNS.items():
        tables[table]["columns"] = {**tables[table]["columns"], **columns}
    for table, keys in NEW_FOREIGN_KEYS.items():
        tables[table]["foreign_keys"] = {**tables[table]["foreign_keys"], **keys}
    return schema


def load_schema_before(dialect: str) -> Schema:
    file = Path(__file__).with_name(f"schema_before_1_0.{dialect}.json")
    schema: Schema = json.loads(file.read_text(encoding="utf-8"))
    return schema


def rename_schema(schema: Schema) -> Schema:
    return {
        "tables": {
            RENAMED_TABLES.get(table, table): {
                part: rename_part(table, values) for part, values in add_columns(table, parts).items()
            }
            for table, parts in schema["tables"].items()
        },
        "triggers": rename_triggers(schema["triggers"]),
        "functions": rename_triggers(schema["functions"]),
    }


def add_columns(table: str, parts: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    added = {name: parts["columns"][same] for name, same in ADDED_COLUMNS.get(table, {}).items()}
    return {**parts, "columns": {**parts["columns"], **added}}


def rename_part(table: str, values: dict[str, str]) -> dict[str, Any]:
    return {rename_name(table, name): rename_sql(table, sql) for name, sql in values.items()}


def rename_name(table: str, name: str) -> str:
    """The name of a column, or of a constraint or index of the table: `uq_<table>_<columns>`."""
    columns = RENAMED_COLUMNS.get(table, {})
    composed = re.fullmatch(rf"(ix|uq|ck|fk|pk)_{table}((_\w+)?)", name)
    if composed is None:
        return columns.get(name, name)
    rest = composed[2]
    for old, new in {**columns, **RENAMED_TABLES}.items():
        rest = re.sub(rf"(?<=_){old}(?=_|$)", new, rest)
    return f"{composed[1]}_{RENAMED_TABLES.get(table, table)}{rest}"


def rename_sql(table: str, sql: str) -> str:
    for old, new in {**RENAMED_COLUMNS.get(table, {}), **RENAMED_TABLES}.items():
        sql = re.sub(rf"\b{old}(?=\b|_id_seq\b)", new, sql)
    return sql


def rename_triggers(triggers: dict[str, str]) -> dict[str, str]:
    renamed = {}
    for name, sql in triggers.items():
        new_name = rename_trigger_text(name)
        renamed[new_name] = rename_trigger_text(sql)
    return renamed


def rename_trigger_text(text: str) -> str:
    for old, new in {**RENAMED_TRIGGERS, **RENAMED_TABLES}.items():
        text = text.replace(old, new)
    return text
