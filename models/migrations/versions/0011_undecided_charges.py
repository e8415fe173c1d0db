"""Finding what the embedded card network has yet to decide, among all that was ever charged."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNDECIDED = sa.text("status IN ('pending', 'needs_customer')")


def upgrade() -> None:
    op.create_index(
        "ix_ledger_charge_undecided",
        "ledger_charge",
        ["subscription_id"],
        sqlite_where=UNDECIDED,
        postgresql_where=UNDECIDED,
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_charge_undecided", "ledger_charge")
