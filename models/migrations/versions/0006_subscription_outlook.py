"""What is ahead of a subscription, as the provider has it."""

import sqlalchemy as sa
from alembic import op

revision = "0006_subscription_outlook"
down_revision = "0005_charged_amounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscription", sa.Column("outlook", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("subscription", "outlook")
