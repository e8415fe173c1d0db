"""What a line was settled for and charged to, if that is not what was promised, and the smallest charge."""

import sqlalchemy as sa
from alembic import op

revision = "0023_settled_amounts"
down_revision = "0022_earlier_versions"
branch_labels = None
depends_on = None

AMOUNT_COLUMNS = ("settled_amount", "settled_tax", "promised_charge")
LIST_COLUMNS = ("settled_taxes", "charged_methods")


def upgrade() -> None:
    for name in AMOUNT_COLUMNS:
        op.add_column("order_line", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in LIST_COLUMNS:
        op.add_column("order_line", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("quote", sa.Column("minimum_charge", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("quote", "minimum_charge")
    for name in (*LIST_COLUMNS, *AMOUNT_COLUMNS):
        op.drop_column("order_line", name)
