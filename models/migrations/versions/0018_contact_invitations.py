"""Invitations of billing contacts, and contacts added or withdrawn in Slack."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.migrations.notice_kinds import list_notice_kinds, set_notice_kinds

revision = "0018_contact_invitations"
down_revision = "0017_order_screens"
branch_labels = None
depends_on = None

NEW_KINDS = ("contact_invited", "contact_invitation_card", "contacts_changed", "contact_withdrawn")

GUARD = "contact_invitation_transition"
REFUSED_TRANSITION = "NOT (OLD.status = NEW.status OR OLD.status = 'pending')"
REPLACE_GUARD = "contact_invitation_no_replace"


def upgrade() -> None:
    is_imported = sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("billing_contact", is_imported)
    op.add_column("billing_contact", sa.Column("withdrawn_by", AutoString(), nullable=True))
    op.add_column("billing_contact", sa.Column("withdrawn_at", UTCDateTime(), nullable=True))
    _create_contact_invitation()
    set_notice_kinds([*list_notice_kinds(), *NEW_KINDS])
    if op.get_bind().dialect.name == "sqlite":
        _create_sqlite_guards()
    else:
        _create_postgresql_guard()


def downgrade() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in NEW_KINDS)
    op.execute(f"DELETE FROM notice WHERE kind IN ({kinds})")
    set_notice_kinds([kind for kind in list_notice_kinds() if kind not in NEW_KINDS])
    op.drop_table("contact_invitation")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {GUARD}()")
    for column in ("withdrawn_at", "withdrawn_by", "imported"):
        op.drop_column("billing_contact", column)


def _create_contact_invitation() -> None:
    op.create_table(
        "contact_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", AutoString(), nullable=False),
        sa.Column("inviter_id", sa.Integer(), nullable=False),
        sa.Column("slack_user", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "accepted",
                "declined",
                "cancelled",
                "lapsed",
                name="invitationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("invited_by", AutoString(), nullable=False),
        sa.Column("invited_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("decided_by", AutoString(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("message_channel", AutoString(), nullable=True),
        sa.Column("message_ts", AutoString(), nullable=True),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_contact_invitation_decided")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_contact_invitation_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"],
            ["billing_contact.id"],
            name=op.f("fk_contact_invitation_inviter_id_billing_contact"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_invitation")),
    )
    is_pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_contact_invitation_pending",
        "contact_invitation",
        ["account_id", "slack_user"],
        unique=True,
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )


def _create_sqlite_guards() -> None:
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON contact_invitation WHEN {REFUSED_TRANSITION} "
        f"BEGIN SELECT RAISE(ABORT, '{GUARD}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {REPLACE_GUARD} BEFORE INSERT ON contact_invitation "
        "WHEN EXISTS (SELECT 1 FROM contact_invitation WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{REPLACE_GUARD}'); END"
    )


def _create_postgresql_guard() -> None:
    op.execute(
        f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{GUARD}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON contact_invitation FOR EACH ROW "
        f"WHEN ({REFUSED_TRANSITION}) EXECUTE FUNCTION {GUARD}()"
    )
