"""Purchase-order numbers, and tax rates of single subscriptions."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

revision = "0012_purchase_orders"
down_revision = "0011_database_identity"
branch_labels = None
depends_on = None

INDEX = "ix_service_order_po_number"
RATED_TABLES = ("subscription", "ledger_subscription")


def upgrade() -> None:
    is_required = sa.Column("po_number_required", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("account", is_required)
    for table in ("service_order", "receipt"):
        op.add_column(table, sa.Column("po_number", AutoString(), nullable=False, server_default=""))
    condition = sa.text("po_number <> ''")
    op.create_index(
        INDEX,
        "service_order",
        ["account_id", "po_number"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    for table in RATED_TABLES:
        op.add_column(table, sa.Column("tax_rate", AutoString(), nullable=True))


def downgrade() -> None:
    for table in RATED_TABLES:
        op.drop_column(table, "tax_rate")
    op.drop_index(INDEX, table_name="service_order")
    for table in ("receipt", "service_order"):
        op.drop_column(table, "po_number")
    op.drop_column("account", "po_number_required")
