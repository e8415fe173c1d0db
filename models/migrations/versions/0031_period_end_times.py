"""When a quoted period ends, if the provider says so."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0031_period_end_times"
down_revision = "0030_screen_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quote_line", sa.Column("period_ends_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("quote_line", "period_ends_at")
