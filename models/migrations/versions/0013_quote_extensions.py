"""Requests that a quote stays valid for longer (R9), and quotes as files."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models.migrations.notice_kinds import list_notice_kinds, set_notice_kinds

revision = "0013_quote_extensions"
down_revision = "0012_purchase_orders"
branch_labels = None
depends_on = None

NEW_KINDS = (
    "quote_extension_requested",
    "quote_extension_card",
    "quote_extension_decided",
    "quote_requested",
    "quote_file",
)
COPY_KEY = "fk_posted_message_quote_extension_id_quote_extension"

GUARD = "quote_extension_transition"
REFUSED_TRANSITION = (
    "NOT (OLD.status = NEW.status OR (OLD.status = 'requested' AND NEW.status IN ('approved', 'declined')))"
)
REPLACE_GUARD = "quote_extension_no_replace"


def upgrade() -> None:
    op.add_column("quote", sa.Column("expires_at_before_extension", UTCDateTime(), nullable=True))
    _create_quote_extension()
    with op.batch_alter_table("posted_message") as batch:
        batch.add_column(sa.Column("quote_extension_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(COPY_KEY), "quote_extension", ["quote_extension_id"], ["id"])
    set_notice_kinds([*list_notice_kinds(), *NEW_KINDS])
    if op.get_bind().dialect.name == "sqlite":
        _create_sqlite_guards()
    else:
        _create_postgresql_guard()


def downgrade() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in NEW_KINDS)
    op.execute(f"DELETE FROM notice WHERE kind IN ({kinds})")
    set_notice_kinds([kind for kind in list_notice_kinds() if kind not in NEW_KINDS])
    with op.batch_alter_table("posted_message") as batch:
        batch.drop_constraint(op.f(COPY_KEY), type_="foreignkey")
        batch.drop_column("quote_extension_id")
    op.drop_table("quote_extension")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {GUARD}()")
    op.drop_column("quote", "expires_at_before_extension")


def _create_quote_extension() -> None:
    op.create_table(
        "quote_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "approved",
                "declined",
                name="extensionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by", AutoString(), nullable=False),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("requested_until", sa.Date(), nullable=False),
        sa.Column("reason", AutoString(), nullable=True),
        sa.Column("decided_by", AutoString(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("granted_until", sa.Date(), nullable=True),
        sa.Column("decision_reason", AutoString(), nullable=True),
        sa.CheckConstraint(
            "(status = 'requested') = (decided_at IS NULL)", name=op.f("ck_quote_extension_decided")
        ),
        sa.CheckConstraint(
            "(status = 'approved') = (granted_until IS NOT NULL)", name=op.f("ck_quote_extension_granted")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_extension_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_quote_extension_contact_id_billing_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_extension")),
    )
    op.create_index("ix_quote_extension_quote_id", "quote_extension", ["quote_id"])
    is_requested = sa.text("status = 'requested'")
    op.create_index(
        "ix_quote_extension_requested",
        "quote_extension",
        ["quote_id"],
        unique=True,
        sqlite_where=is_requested,
        postgresql_where=is_requested,
    )


def _create_sqlite_guards() -> None:
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON quote_extension WHEN {REFUSED_TRANSITION} "
        f"BEGIN SELECT RAISE(ABORT, '{GUARD}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {REPLACE_GUARD} BEFORE INSERT ON quote_extension "
        "WHEN EXISTS (SELECT 1 FROM quote_extension WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{REPLACE_GUARD}'); END"
    )


def _create_postgresql_guard() -> None:
    op.execute(
        f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{GUARD}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON quote_extension FOR EACH ROW "
        f"WHEN ({REFUSED_TRANSITION}) EXECUTE FUNCTION {GUARD}()"
    )
