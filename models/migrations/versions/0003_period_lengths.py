"""Billing periods of any length: three months, two weeks, two years."""

import re

import sqlalchemy as sa
from alembic import op

from models.migrations.sqlite_tables import rewrite_table

revision = "0003_period_lengths"
down_revision = "0002_jobs_and_carts"
branch_labels = None
depends_on = None

TABLES = ("subscription", "quote_line", "ledger_subscription")
LENGTH_BEFORE, LENGTH_AFTER = 32, 16


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, _drop_check)
        return
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_periodlength"), table, type_="check")
        op.alter_column(table, "period", type_=sa.String(LENGTH_AFTER), existing_nullable=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, lambda sql, table=table: _add_check(sql, table))
        return
    for table in TABLES:
        op.alter_column(table, "period", type_=sa.String(LENGTH_BEFORE), existing_nullable=False)
        op.create_check_constraint(op.f(f"ck_{table}_periodlength"), table, "period IN ('month', 'year')")


def _drop_check(sql: str) -> str:
    without = re.sub(r",\s*CONSTRAINT ck_\w+_periodlength CHECK \(period IN \([^)]*\)\)", "", sql)
    return without.replace(f"period VARCHAR({LENGTH_BEFORE})", f"period VARCHAR({LENGTH_AFTER})")


def _add_check(sql: str, table: str) -> str:
    check = f", CONSTRAINT ck_{table}_periodlength CHECK (period IN ('month', 'year'))"
    before = sql.replace(f"period VARCHAR({LENGTH_AFTER})", f"period VARCHAR({LENGTH_BEFORE})")
    return f"{before.rstrip().removesuffix(')').rstrip()}{check}\n)"
