"""The wallet that a card is stored in, such as Apple Pay, and what the tax of a settled line depended on."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0024_wallets_and_tax_facts"
down_revision = "0023_settled_amounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_method", sa.Column("wallet", AutoString(), nullable=True))
    op.add_column("order_line", sa.Column("settled_tax_facts", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("order_line", "settled_tax_facts")
    op.drop_column("payment_method", "wallet")
