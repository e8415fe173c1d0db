"""Messages that ask for something about an order are edited once it is answered (R25)."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

from models.migrations.notice_kinds import list_notice_kinds, set_notice_kinds

revision = "0015_order_messages"
down_revision = "0014_closed_accounts"
branch_labels = None
depends_on = None

ADDED_KIND = "order_messages"


def upgrade() -> None:
    set_notice_kinds([*list_notice_kinds(), ADDED_KIND])
    op.create_table(
        "order_message",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("ts", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_order_message")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_order_message_notice_id_notice")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_order_message_order_id_service_order")
        ),
    )
    op.create_index("ix_order_message_order_id", "order_message", ["order_id"])


def downgrade() -> None:
    op.drop_table("order_message")
    op.execute(f"DELETE FROM notice WHERE kind = '{ADDED_KIND}'")
    set_notice_kinds([kind for kind in list_notice_kinds() if kind != ADDED_KIND])
