"""An account counts the changes that its history does not record."""

import sqlalchemy as sa
from alembic import op

revision = "0008_account_revision"
down_revision = "0007_seat_pricing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("account", "revision")
