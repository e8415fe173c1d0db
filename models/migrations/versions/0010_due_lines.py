"""Finding the order lines that are due, in the order of their orders, among all that ever were."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_order_line_due", "order_line", ["order_id", "id"], sqlite_where=DUE, postgresql_where=DUE
    )
    op.drop_index("ix_order_line_due_at", "order_line")


def downgrade() -> None:
    op.create_index("ix_order_line_due_at", "order_line", ["due_at"])
    op.drop_index("ix_order_line_due", "order_line")
