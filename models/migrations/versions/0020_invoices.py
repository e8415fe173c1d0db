"""Subscriptions that are paid by invoice, and the invoices for lines of orders (R3)."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.migrations.notice_kinds import list_notice_kinds, set_notice_kinds

revision = "0020_invoices"
down_revision = "0019_receipt_exports"
branch_labels = None
depends_on = None

ADDED_KINDS = ("invoice_overdue", "invoice_paid", "invoice_cancelled")
STATUSES = ("due", "overdue", "uncollectible", "paid", "void")
UNPAID = sa.text("status IN ('due', 'overdue')")
GUARD, REPLACE_GUARD = "invoice_transition", "invoice_no_replace"
REFUSED_TRANSITION = (
    "NOT (OLD.status = NEW.status"
    " OR (OLD.status = 'due' AND NEW.status IN ('overdue', 'uncollectible', 'paid', 'void'))"
    " OR (OLD.status = 'overdue' AND NEW.status IN ('uncollectible', 'paid', 'void'))"
    " OR (OLD.status = 'uncollectible' AND NEW.status IN ('paid', 'void')))"
)


def upgrade() -> None:
    set_notice_kinds([*list_notice_kinds(), *ADDED_KINDS])
    flag = sa.Column("pay_by_invoice", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("account", flag)
    for table in ("subscription", "ledger_subscription"):
        op.add_column(table, sa.Column("days_until_due", sa.Integer(), nullable=True))
    op.add_column("ledger_charge", sa.Column("invoice_due_at", UTCDateTime(), nullable=True))
    flag = sa.Column("is_on_invoice", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("order_line", flag)
    _create_invoice_table()
    if op.get_bind().dialect.name == "sqlite":
        _create_sqlite_guards()
    else:
        _create_postgresql_guard()


def _create_invoice_table() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("provider_invoice_id", AutoString(), nullable=False),
        sa.Column("number", AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="invoicestatus", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("currency", AutoString(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_remaining", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("check_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount >= 0 AND amount_remaining >= 0", name=op.f("ck_invoice_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invoice_account_id_account")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_invoice_order_line_id_order_line")
        ),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_invoice_order_line_id")),
    )
    op.create_index("ix_invoice_check_at", "invoice", ["check_at"])
    op.create_index(
        "ix_invoice_unpaid", "invoice", ["account_id", "id"], sqlite_where=UNPAID, postgresql_where=UNPAID
    )


def _create_sqlite_guards() -> None:
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON invoice WHEN {REFUSED_TRANSITION} "
        f"BEGIN SELECT RAISE(ABORT, '{GUARD}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {REPLACE_GUARD} BEFORE INSERT ON invoice "
        "WHEN EXISTS (SELECT 1 FROM invoice WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{REPLACE_GUARD}'); END"
    )


def _create_postgresql_guard() -> None:
    op.execute(
        f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{GUARD}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON invoice FOR EACH ROW "
        f"WHEN ({REFUSED_TRANSITION}) EXECUTE FUNCTION {GUARD}()"
    )


def downgrade() -> None:
    op.drop_table("invoice")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {GUARD}()")
    op.drop_column("order_line", "is_on_invoice")
    op.drop_column("ledger_charge", "invoice_due_at")
    for table in ("ledger_subscription", "subscription"):
        op.drop_column(table, "days_until_due")
    op.drop_column("account", "pay_by_invoice")
    names = ", ".join(f"'{kind}'" for kind in ADDED_KINDS)
    op.execute(f"DELETE FROM notice WHERE kind IN ({names})")
    set_notice_kinds([kind for kind in list_notice_kinds() if kind not in ADDED_KINDS])
