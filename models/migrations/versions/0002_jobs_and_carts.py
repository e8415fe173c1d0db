"""Work that is stored wakes the jobs, carts hold their seats, and a history moves on by several entries.

The indexes follow what tests/test_query_plans.py found: one was missing, and no statement used the other two.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0002_jobs_and_carts"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None

UNUSED_INDEXES = (
    ("ix_notice_account_id", "notice", "account_id"),
    ("ix_charge_attempt_order_line_id", "charge_attempt", "order_line_id"),
)
TIP_GUARD = "audit_chain_tip_forward_only"
SAME_ACCOUNT = "NEW.account_id = OLD.account_id"

# (trigger, when it fires): work that a job can do now, or earlier than it could. Jobs that take work up only
# move its time later, which wakes nobody.
POSTGRESQL_JOB_NOTIFICATIONS = (
    ("order_line_notify_inserted", "AFTER INSERT ON order_line FOR EACH STATEMENT"),
    (
        "order_line_notify_earlier",
        "AFTER UPDATE OF due_at ON order_line FOR EACH ROW "
        "WHEN (NEW.due_at < OLD.due_at OR (OLD.due_at IS NULL AND NEW.due_at IS NOT NULL))",
    ),
    ("notice_notify_inserted", "AFTER INSERT ON notice FOR EACH STATEMENT"),
    (
        "notice_notify_earlier",
        "AFTER UPDATE OF due_at ON notice FOR EACH ROW WHEN (NEW.due_at < OLD.due_at)",
    ),
    ("account_change_notify_inserted", "AFTER INSERT ON account_change FOR EACH STATEMENT"),
    # One that a person opened and that could not be published: no job has it yet.
    (
        "home_notify_retry",
        "AFTER UPDATE OF attempts ON home FOR EACH ROW WHEN (NEW.attempts > OLD.attempts)",
    ),
    (
        "account_notify_refresh",
        "AFTER UPDATE OF refresh_due_at ON account FOR EACH ROW "
        "WHEN (OLD.refresh_due_at IS NULL AND NEW.refresh_due_at IS NOT NULL)",
    ),
)


def upgrade() -> None:
    carts = _read_carts_with_lines()
    op.drop_table("cart_line")
    op.drop_table("cart")
    _create_cart(sa.Column("seats", sa.JSON(), nullable=False))
    _insert_rows("cart", carts)
    _replace_tip_guard("NEW.number > OLD.number")
    op.create_index("ix_quote_replaced_by_id", "quote", ["replaced_by_id"])
    for name, table, _ in UNUSED_INDEXES:
        op.drop_index(name, table)
    if op.get_bind().dialect.name == "postgresql":
        _create_job_notifications()


def downgrade() -> None:
    """A cart's own quote is forgotten: it stays pending."""
    if op.get_bind().dialect.name == "postgresql":
        for name, event in POSTGRESQL_JOB_NOTIFICATIONS:
            table = event.split(" ON ")[1].split()[0]
            op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute("DROP FUNCTION notify_jobs()")
    for name, table, column in UNUSED_INDEXES:
        op.create_index(name, table, [column])
    op.drop_index("ix_quote_replaced_by_id", "quote")
    _replace_tip_guard("NEW.number = OLD.number + 1")
    carts = [dict(row) for row in op.get_bind().execute(sa.select(_build_table("cart", "seats"))).mappings()]
    op.drop_table("cart")
    _create_cart(
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_cart_quote_id_quote")),
    )
    op.create_index("ix_cart_quote_id", "cart", ["quote_id"])
    _create_cart_line()
    lines = [
        {"cart_id": cart["id"], "subscription_id": subscription_id, "seats": seats}
        for cart in carts
        for subscription_id, seats in _to_json(cart.pop("seats")).items()
    ]
    _insert_rows("cart", carts)
    if lines:
        op.get_bind().execute(sa.insert(CART_LINE), lines)


CART_LINE = sa.table("cart_line", sa.column("cart_id"), sa.column("subscription_id"), sa.column("seats"))


def _read_carts_with_lines() -> list[dict[str, Any]]:
    connection = op.get_bind()
    seats: dict[int, dict[str, int]] = {}
    for cart_id, subscription_id, number in connection.execute(sa.select(CART_LINE)):
        seats.setdefault(cart_id, {})[subscription_id] = number
    return [
        {**row, "seats": seats.get(row["id"], {})}
        for row in connection.execute(sa.select(_build_table("cart"))).mappings()
    ]


def _build_table(name: str, *more: str) -> sa.TableClause:
    names = ("id", "account_id", "contact_id")
    json_columns = (sa.column(column, sa.JSON()) for column in ("replaceable_quote_ids", *more))
    return sa.table(name, *(sa.column(column) for column in names), *json_columns)


def _to_json(value: Any) -> dict[str, int]:
    parsed: dict[str, int] = json.loads(value) if isinstance(value, str) else value
    return parsed


def _insert_rows(name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    more = ("seats",) if "seats" in rows[0] else ()
    op.get_bind().execute(sa.insert(_build_table(name, *more)), rows)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")


def _create_cart(*parts: Any) -> None:
    op.create_table(
        "cart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("replaceable_quote_ids", sa.JSON(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cart_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_cart_contact_id_billing_contact")
        ),
        sa.UniqueConstraint("account_id", "contact_id", name=op.f("uq_cart_account_id_contact_id")),
    )


def _create_cart_line() -> None:
    op.create_table(
        "cart_line",
        sa.Column("cart_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", AutoString(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cart_id", "subscription_id", name=op.f("pk_cart_line")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_cart_line_cart_id_cart")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_cart_line_subscription_id_subscription")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_cart_line_seats")),
    )


def _replace_tip_guard(condition: str) -> None:
    refused = f"NOT ({SAME_ACCOUNT} AND {condition})"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {TIP_GUARD}")
        op.execute(
            f"CREATE TRIGGER {TIP_GUARD} BEFORE UPDATE ON audit_chain_tip WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{TIP_GUARD}'); END"
        )
        return
    op.execute(f"DROP TRIGGER {TIP_GUARD} ON audit_chain_tip")
    op.execute(
        f"CREATE TRIGGER {TIP_GUARD} BEFORE UPDATE ON audit_chain_tip FOR EACH ROW "
        f"WHEN ({refused}) EXECUTE FUNCTION {TIP_GUARD}()"
    )


def _create_job_notifications() -> None:
    """PostgreSQL delivers them when the transaction commits, each once however many rows it changed."""
    op.execute(
        "CREATE FUNCTION notify_jobs() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_notify('seatbot_jobs', TG_TABLE_NAME); RETURN NULL; END $$"
    )
    for name, event in POSTGRESQL_JOB_NOTIFICATIONS:
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION notify_jobs()")
