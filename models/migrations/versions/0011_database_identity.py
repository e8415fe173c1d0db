"""The database knows which one it is, so that a restored one is noticed."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0011_database_identity"
down_revision = "0010_organisations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "database_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cluster", AutoString(), nullable=False),
        sa.Column("database", AutoString(), nullable=False),
        sa.Column("stored_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_database_identity"),
    )


def downgrade() -> None:
    op.drop_table("database_identity")
