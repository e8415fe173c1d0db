"""Modals that show emails being sent are updated until they have been."""

import sqlalchemy as sa
from alembic import op

revision = "0032_receipt_export_screens"
down_revision = "0031_period_end_times"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_order_screen_receipt_export_id_receipt_export"


def upgrade() -> None:
    with op.batch_alter_table("order_screen") as table:
        table.alter_column("order_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("receipt_export_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN_KEY), "receipt_export", ["receipt_export_id"], ["id"])


def downgrade() -> None:
    op.execute("DELETE FROM order_screen WHERE order_id IS NULL")
    with op.batch_alter_table("order_screen") as table:
        table.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        table.drop_column("receipt_export_id")
        table.alter_column("order_id", existing_type=sa.Integer(), nullable=False)
