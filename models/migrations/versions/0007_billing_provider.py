"""What a billing provider of its own brings: the account's customer, its events, and what it said of a line."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Text = sqlmodel.sql.sqltypes.AutoString
Instant = sqlmodel.sql.sqltypes.UTCDateTime

ADDED = {
    "account": {"stripe_customer": Text, "refresh_due_at": Instant},
    "order_line": {
        "remind_at": Instant,
        "offered_amount": sa.BigInteger,
        "offered_tax": sa.BigInteger,
        "receipt": Text,
    },
}
INDEXES = (
    ("account", "stripe_customer", True),
    ("account", "refresh_due_at", False),
    ("order_line", "remind_at", False),
)


def upgrade() -> None:
    op.create_table(
        "received_event",
        sa.Column("id", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_received_event_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_event")),
    )
    op.create_index(op.f("ix_received_event_received_at"), "received_event", ["received_at"])
    # Plain additions: a table made anew, as batches do, would lose its triggers.
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind(), nullable=True))
    for table, column, unique in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=unique)


def downgrade() -> None:
    for table, column, _ in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table, columns in ADDED.items():
        for name in columns:
            op.drop_column(table, name)
    op.drop_index(op.f("ix_received_event_received_at"), table_name="received_event")
    op.drop_table("received_event")
