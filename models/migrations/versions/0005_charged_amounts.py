"""What a quote promises to charge, and how a settled line was paid (R26)."""

import sqlalchemy as sa
from alembic import op

revision = "0005_charged_amounts"
down_revision = "0004_payment_method_types"
branch_labels = None
depends_on = None

LINE_COLUMNS = ("credit_used", "earlier_balance", "carried_over")


def upgrade() -> None:
    op.add_column("quote", sa.Column("starting_balance", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("quote", sa.Column("amount_due", sa.BigInteger(), nullable=True))
    for name in LINE_COLUMNS:
        op.add_column("order_line", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for name in LINE_COLUMNS:
        op.drop_column("order_line", name)
    op.drop_column("quote", "amount_due")
    op.drop_column("quote", "starting_balance")
