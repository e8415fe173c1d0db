"""An account can be closed, with a reason."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0014_closed_accounts"
down_revision = "0013_quote_extensions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("closed_reason", AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("account", "closed_reason")
    op.drop_column("account", "closed_at")
