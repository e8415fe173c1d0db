"""When the billing address of an account changed, and whether an order's own was typed."""

import sqlalchemy as sa
from alembic import op

revision = "0025_address_changes"
down_revision = "0024_wallets_and_tax_facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("billing_address_changed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "checkout", sa.Column("is_address_typed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("checkout", "is_address_typed")
    op.drop_column("account", "billing_address_changed_at")
