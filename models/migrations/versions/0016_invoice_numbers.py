"""The number of the provider's invoice for an order line."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0016_invoice_numbers"
down_revision = "0015_order_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.Column("provider_invoice_number", AutoString(), nullable=False, server_default="")
    op.add_column("order_line", number)


def downgrade() -> None:
    op.drop_column("order_line", "provider_invoice_number")
