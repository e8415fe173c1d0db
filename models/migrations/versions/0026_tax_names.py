"""What an account's tax is called."""

import sqlalchemy as sa
from alembic import op

revision = "0026_tax_names"
down_revision = "0025_address_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("tax_name", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("account", "tax_name")
