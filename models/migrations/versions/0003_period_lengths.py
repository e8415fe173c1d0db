"""Billing periods of any length: three months, two weeks, two years."""

import re

from alembic import op

from models.migrations.sqlite_tables import rewrite_table

revision = "0003_period_lengths"
down_revision = "0002_jobs_and_carts"
branch_labels = None
depends_on = None

TABLES = ("subscription", "quote_line", "ledger_subscription")


def upgrade() -> None:
    """The type stays: a replica that runs could not execute what it has prepared for the column."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, _drop_check)
        return
    for table in TABLES:
        op.drop_constraint(op.f(f"ck_{table}_periodlength"), table, type_="check")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            rewrite_table(table, lambda sql, table=table: _add_check(sql, table))
        return
    for table in TABLES:
        op.create_check_constraint(op.f(f"ck_{table}_periodlength"), table, "period IN ('month', 'year')")


def _drop_check(sql: str) -> str:
    return re.sub(r",\s*CONSTRAINT ck_\w+_periodlength CHECK \(period IN \([^)]*\)\)", "", sql)


def _add_check(sql: str, table: str) -> str:
    check = f", CONSTRAINT ck_{table}_periodlength CHECK (period IN ('month', 'year'))"
    return f"{sql.rstrip().removesuffix(')').rstrip()}{check}\n)"
