"""Modals that show an order are updated while it changes."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0017_order_screens"
down_revision = "0016_invoice_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_screen",
        sa.Column("external_id", AutoString(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("team_id", AutoString(), nullable=False),
        sa.Column("user_id", AutoString(), nullable=False),
        sa.Column("is_placement", sa.Boolean(), nullable=False),
        sa.Column("shown_at", UTCDateTime(), nullable=False),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("claimed_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_order_screen")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_order_screen_order_id_service_order")
        ),
    )
    op.create_index("ix_order_screen_order_id", "order_screen", ["order_id"])
    op.create_index("ix_order_screen_due_at", "order_screen", ["due_at"])


def downgrade() -> None:
    op.drop_table("order_screen")
