"""Replicas of 1.0.0 and 1.1.0 go on beside this schema: what they still use is there again, or has a default.

The seats of carts are copied back for 1.0.0. What either version stores in a cart afterwards, the other does
not see; both find the quote.
"""

import json
import re

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from models.migrations.sqlite_tables import rewrite_table

revision = "0022_earlier_versions"
down_revision = "0021_retention"
branch_labels = None
depends_on = None

# (table, column): the default that a row of an earlier version gets.
DEFAULTS = {("cart", "seats"): "'{}'", ("payment_method", "type"): "'card'"}


def upgrade() -> None:
    for (table, column), default in DEFAULTS.items():
        _set_default(table, column, default)
    op.add_column("cart", sa.Column("quote_id", sa.Integer(), nullable=True))
    _create_cart_line()
    op.create_table(
        "schema_support",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("oldest_revision", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_support")),
    )
    op.execute(f"INSERT INTO schema_support VALUES (1, '{revision}')")


def downgrade() -> None:
    op.drop_table("schema_support")
    op.drop_table("cart_line")
    op.drop_column("cart", "quote_id")
    for table, column in DEFAULTS:
        _set_default(table, column, None)


def _set_default(table: str, column: str, default: str | None) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, server_default=sa.text(default) if default else None)
        return
    clause = f"DEFAULT {default} NOT NULL" if default else "NOT NULL"
    rewrite_table(
        table, lambda sql: re.sub(rf"(\b{column} \w+)( DEFAULT '[^']*')? NOT NULL", rf"\1 {clause}", sql)
    )


def _create_cart_line() -> None:
    """This version deletes carts without a look at it."""
    op.create_table(
        "cart_line",
        sa.Column("cart_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", AutoString(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cart_id", "subscription_id", name=op.f("pk_cart_line")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["cart.id"], name=op.f("fk_cart_line_cart_id_cart"), ondelete="CASCADE"
        ),
    )
    carts = op.get_bind().execute(sa.text("SELECT id, seats FROM cart")).all()
    lines = [
        {"cart_id": cart_id, "subscription_id": subscription_id, "seats": number}
        for cart_id, seats in carts
        for subscription_id, number in (json.loads(seats) if isinstance(seats, str) else seats).items()
    ]
    if lines:
        table = sa.table("cart_line", *(sa.column(name) for name in ("cart_id", "subscription_id", "seats")))
        op.get_bind().execute(sa.insert(table), lines)
