"""The number of the provider's invoice for an order line."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0017_invoice_numbers"
down_revision = "0016_order_screens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.Column("provider_invoice_number", AutoString(), nullable=False, server_default="")
    op.add_column("order_line", number)


def downgrade() -> None:
    op.drop_column("order_line", "provider_invoice_number")
