"""Products that only the provider knows."""

import sqlalchemy as sa
from alembic import op

revision = "0029_provider_products"
down_revision = "0028_provider_addresses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "product", sa.Column("in_catalogue", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    op.drop_column("product", "in_catalogue")
