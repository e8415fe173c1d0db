"""Payment methods other than cards, and those that a subscription has of its own."""

import re

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString

from models.migrations.sqlite_tables import rewrite_table

revision = "0004_payment_method_types"
down_revision = "0003_period_lengths"
branch_labels = None
depends_on = None

CARD_COLUMNS: dict[str, sa.types.TypeEngine[object]] = {
    "brand": AutoString(),
    "last4": AutoString(length=4),
    "expiry_year": sa.Integer(),
    "expiry_month": sa.Integer(),
}
ADDED_COLUMNS = ("type", "email", "bank")
CHECK_NAME = "ck_payment_method_card"
CHECK = (
    "type <> 'card' OR (brand IS NOT NULL AND last4 IS NOT NULL"
    " AND expiry_year IS NOT NULL AND expiry_month IS NOT NULL)"
)


def upgrade() -> None:
    op.add_column("subscription", sa.Column("default_payment_method_id", AutoString(), nullable=True))
    op.add_column(
        "payment_method", sa.Column("type", AutoString(), nullable=False, server_default=sa.text("'card'"))
    )
    op.add_column("payment_method", sa.Column("email", AutoString(), nullable=True))
    op.add_column("payment_method", sa.Column("bank", AutoString(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        rewrite_table("payment_method", _allow_other_types)
        return
    op.alter_column("payment_method", "type", server_default=None)
    for name, type_ in CARD_COLUMNS.items():
        op.alter_column("payment_method", name, existing_type=type_, nullable=True)
    op.create_check_constraint(op.f(CHECK_NAME), "payment_method", CHECK)


def downgrade() -> None:
    """Methods of other types cannot be kept, nor the orders that were charged to them changed."""
    others = op.get_bind().execute(sa.text("SELECT count(*) FROM payment_method WHERE type <> 'card'"))
    if others.scalar_one():
        raise RuntimeError("payment methods other than cards are stored")
    if op.get_bind().dialect.name == "sqlite":
        rewrite_table("payment_method", _allow_cards_only)
    else:
        op.drop_constraint(op.f(CHECK_NAME), "payment_method", type_="check")
        for name, type_ in CARD_COLUMNS.items():
            op.alter_column("payment_method", name, existing_type=type_, nullable=False)
    for name in reversed(ADDED_COLUMNS):
        op.drop_column("payment_method", name)
    op.drop_column("subscription", "default_payment_method_id")


def _allow_other_types(sql: str) -> str:
    for name in CARD_COLUMNS:
        sql = re.sub(rf"(\b{name} \w+(\(\d+\))?) NOT NULL", r"\1", sql)
    sql = sql.replace(" DEFAULT 'card'", "")
    return f"{sql.rstrip().removesuffix(')').rstrip()}, CONSTRAINT {CHECK_NAME} CHECK ({CHECK})\n)"


def _allow_cards_only(sql: str) -> str:
    sql = sql.replace(f", CONSTRAINT {CHECK_NAME} CHECK ({CHECK})", "")
    for name in CARD_COLUMNS:
        sql = re.sub(rf"(\b{name} \w+(\(\d+\))?)", r"\1 NOT NULL", sql, count=1)
    return sql
