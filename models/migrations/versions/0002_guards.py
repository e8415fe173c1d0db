"""The counters, and guards of the database's own: the history is append-only, and no transition can be
stored but those of R18."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PREFIXES = ("SQ", "SO", "R")

NEXT = {
    "quote": {"pending": ("accepted", "rejected", "expired")},
    "service_order": {"placed": ("processing",), "processing": ("completed", "failed")},
    "order_line": {
        "waiting": ("charging", "declined"),
        "charging": ("settled", "declined", "needs_customer", "unknown"),
        "needs_customer": ("settled", "declined"),
        "unknown": ("charging", "settled", "declined", "needs_customer"),
        "declined": ("charging",),
    },
}


def _allowed(table: str) -> str:
    pairs = [f"(OLD.status = '{a}' AND NEW.status = '{b}')" for a, bs in NEXT[table].items() for b in bs]
    return " OR ".join(["OLD.status = NEW.status", *pairs])


def _guards() -> list[tuple[str, str, str, str]]:
    """(name, table, event, condition under which the change is refused)"""
    guards = [
        ("audit_entry_no_update", "audit_entry", "UPDATE", "1 = 1"),
        ("audit_entry_no_delete", "audit_entry", "DELETE", "1 = 1"),
    ]
    for table in NEXT:
        guards.append((f"{table}_transition", table, "UPDATE", f"NOT ({_allowed(table)})"))
    return guards


def _no_replacing() -> list[tuple[str, str, str]]:
    """SQLite's INSERT OR REPLACE deletes the row in its way without asking any trigger."""
    same_entry = "id = NEW.id OR (account_id = NEW.account_id AND number = NEW.number)"
    return [("audit_entry_no_replace", "audit_entry", same_entry)] + [
        (f"{table}_no_replace", table, "id = NEW.id") for table in NEXT
    ]


def upgrade() -> None:
    for prefix in PREFIXES:
        op.execute(f"INSERT INTO numbering (prefix, last) VALUES ('{prefix}', 1000)")
    (_guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql)()


def _guard_sqlite() -> None:
    for name, table, event, refused in _guards():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    for name, table, same in _no_replacing():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _guard_postgresql() -> None:
    for name, table, event, refused in _guards():
        _refusing_function(name)
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW "
            f"WHEN ({refused}) EXECUTE FUNCTION {name}()"
        )
    _refusing_function("audit_entry_no_truncate")
    op.execute(
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_no_truncate()"
    )


def _refusing_function(name: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )


def downgrade() -> None:
    op.execute("DELETE FROM numbering")
    if op.get_bind().dialect.name == "sqlite":
        for name in [g[0] for g in _guards()] + [g[0] for g in _no_replacing()]:
            op.execute(f"DROP TRIGGER {name}")
        return
    for name, table in [g[:2] for g in _guards()] + [("audit_entry_no_truncate", "audit_entry")]:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
