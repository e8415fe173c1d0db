"""Requests to e-mail an account's receipts of a period, and for more time that reach nobody."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.migrations.notice_kinds import list_notice_kinds, set_notice_kinds

revision = "0019_receipt_exports"
down_revision = "0018_contact_invitations"
branch_labels = None
depends_on = None

NEW_KINDS = ("receipt_export", "quote_extension_undelivered")


def upgrade() -> None:
    op.create_table(
        "receipt_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("mails", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_receipt_export_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_receipt_export_contact_id_billing_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_export")),
    )
    op.create_index("ix_receipt_export_contact", "receipt_export", ["contact_id", "id"])
    set_notice_kinds([*list_notice_kinds(), *NEW_KINDS])


def downgrade() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in NEW_KINDS)
    op.execute(f"DELETE FROM notice WHERE kind IN ({kinds})")
    set_notice_kinds([kind for kind in list_notice_kinds() if kind not in NEW_KINDS])
    op.drop_table("receipt_export")
