"""The billing address that the provider had when it was last read, and of which customer."""

import sqlalchemy as sa
from alembic import op

revision = "0028_provider_addresses"
down_revision = "0027_invoice_screens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("provider_address", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("account", "provider_address")
