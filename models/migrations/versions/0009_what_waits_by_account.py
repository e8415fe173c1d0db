"""Finding what is open, and what was last, of an account among all that it ever had."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PENDING = sa.text("status = 'pending'")
# (name, table, columns), and the index of one column whose place it takes.
INSTEAD = [
    ("ix_service_order_account", "service_order", ["account_id", "id"], "account_id"),
    ("ix_receipt_account", "receipt", ["account_id", "id"], "account_id"),
    ("ix_order_line_subscription", "order_line", ["subscription_id", "settled_at"], "subscription_id"),
]


def upgrade() -> None:
    op.create_index(
        "ix_quote_pending_account", "quote", ["account_id"], sqlite_where=PENDING, postgresql_where=PENDING
    )
    op.create_index("ix_service_order_finished", "service_order", ["account_id", "finished_at"])
    for name, table, columns, replaced in INSTEAD:
        op.create_index(name, table, columns)
        op.drop_index(f"ix_{table}_{replaced}", table)


def downgrade() -> None:
    for name, table, _, replaced in INSTEAD:
        op.create_index(f"ix_{table}_{replaced}", table, [replaced])
        op.drop_index(name, table)
    op.drop_index("ix_service_order_finished", "service_order")
    op.drop_index("ix_quote_pending_account", "quote")
