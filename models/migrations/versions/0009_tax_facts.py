"""The parts of each tax, and what it depends on."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0009_tax_facts"
down_revision = "0008_account_revision"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("tax_id", AutoString(), nullable=False, server_default=""))
    # Both databases take a check of the column itself here; op.add_column leaves it out.
    op.execute(
        "ALTER TABLE account ADD COLUMN tax_exemption VARCHAR(32) DEFAULT 'none' NOT NULL"
        " CONSTRAINT ck_account_taxexemption CHECK (tax_exemption IN ('none', 'exempt', 'reverse'))"
    )
    for table in ("quote", "receipt"):
        op.add_column(table, sa.Column("tax_facts", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("quote_line", sa.Column("taxes", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("quote_line", "taxes")
    for table in ("receipt", "quote"):
        op.drop_column(table, "tax_facts")
    op.drop_column("account", "tax_exemption")
    op.drop_column("account", "tax_id")
