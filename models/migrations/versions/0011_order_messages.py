"""Messages that ask for something about an order are edited once it is answered (R25)."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

from models.migrations.sqlite_tables import rewrite_table

revision = "0011_order_messages"
down_revision = "0010_organisations"
branch_labels = None
depends_on = None

CHECK_NAME = "ck_notice_noticekind"
ADDED_KIND = "order_messages"
KINDS = (
    "order_status",
    "order_history",
    "order_placed",
    "order_waits",
    "order_declined",
    "order_needs_customer",
    "order_failed",
    "order_overdue",
    "receipt",
    "receipt_mail",
    "quote_arrived",
    "quote_reminder",
    "quote_decided",
    "quote_card",
    "portal_changed",
    "channel_unreachable",
    "receipt_file",
)


def upgrade() -> None:
    _change_kinds(KINDS, (*KINDS, ADDED_KIND))
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
    _change_kinds((*KINDS, ADDED_KIND), KINDS)


def _change_kinds(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        rewrite_table("notice", lambda create: create.replace(_format_check(before), _format_check(after)))
        return
    op.drop_constraint(op.f(CHECK_NAME), "notice", type_="check")
    op.create_check_constraint(op.f(CHECK_NAME), "notice", _format_check(after))


def _format_check(kinds: tuple[str, ...]) -> str:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    return f"kind IN ({names})"
