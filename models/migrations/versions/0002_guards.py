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


def upgrade() -> None:
    for prefix in PREFIXES:
        op.execute(f"INSERT INTO numbering (prefix, last) VALUES ('{prefix}', 1000)")
    for name, table, event, refused in _guards():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused} "
                f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
            )
        else:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW "
                f"WHEN ({refused}) EXECUTE FUNCTION {name}()"
            )


def downgrade() -> None:
    op.execute("DELETE FROM numbering")
    for name, table, _, _ in _guards():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
