"""What was delivered, and profiles from Slack, are found by their age, to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0021_retention"
down_revision = "0020_invoices"
branch_labels = None
depends_on = None

IS_FINISHED = sa.text("status IN ('delivered', 'undeliverable')")


def upgrade() -> None:
    op.create_index(
        "ix_notice_finished",
        "notice",
        ["created_at"],
        sqlite_where=IS_FINISHED,
        postgresql_where=IS_FINISHED,
    )
    op.create_index("ix_slack_user_refreshed_at", "slack_user", ["refreshed_at"])


def downgrade() -> None:
    op.drop_index("ix_slack_user_refreshed_at", "slack_user")
    op.drop_index("ix_notice_finished", "notice")
