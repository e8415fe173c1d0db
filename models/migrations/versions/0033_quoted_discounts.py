"""The discounts that a quoted amount contains."""

import sqlalchemy as sa
from alembic import op

revision = "0033_quoted_discounts"
down_revision = "0032_receipt_export_screens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quote_line", sa.Column("discounts", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("quote_line", "discounts")
