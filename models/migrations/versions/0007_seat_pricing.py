"""Prices that are not a whole amount per seat."""

import re

import sqlalchemy as sa
from alembic import op

from models.migrations.sqlite_tables import rewrite_table

revision = "0007_seat_pricing"
down_revision = "0006_subscription_outlook"
branch_labels = None
depends_on = None

TABLES = ("subscription", "quote_line")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("pricing", sa.JSON(), nullable=False, server_default="{}"))
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, _allow_no_price)
        return
    for table in TABLES:
        op.alter_column(table, "unit_price", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    """A subscription without a price per seat cannot be kept."""
    for table in TABLES:
        unpriced = op.get_bind().execute(
            sa.select(sa.func.count()).select_from(sa.table(table)).where(sa.column("unit_price").is_(None))
        )
        if unpriced.scalar_one():
            raise RuntimeError(f"rows of {table} without a unit_price are stored")
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, _require_price)
    else:
        for table in TABLES:
            op.alter_column(table, "unit_price", existing_type=sa.BigInteger(), nullable=False)
    for table in TABLES:
        op.drop_column(table, "pricing")


def _allow_no_price(sql: str) -> str:
    return re.sub(r"\b(unit_price BIGINT) NOT NULL", r"\1", sql)


def _require_price(sql: str) -> str:
    return re.sub(r"\b(unit_price BIGINT)\b", r"\1 NOT NULL", sql)
