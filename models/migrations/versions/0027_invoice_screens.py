"""Modals that show an invoice are updated while it changes."""

import sqlalchemy as sa
from alembic import op

revision = "0027_invoice_screens"
down_revision = "0026_tax_names"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_order_screen_invoice_id_invoice"


def upgrade() -> None:
    with op.batch_alter_table("order_screen") as table:
        table.add_column(sa.Column("invoice_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN_KEY), "invoice", ["invoice_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("order_screen") as table:
        table.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        table.drop_column("invoice_id")
