"""The wallet that a card is stored in, such as Apple Pay."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0018_payment_wallets"
down_revision = "0017_order_screens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_method", sa.Column("wallet", AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("payment_method", "wallet")
