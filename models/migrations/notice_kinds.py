"""Changing which kinds of notices the database allows."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from models.migrations.sqlite_tables import rewrite_table

KIND_CHECK = "ck_notice_noticekind"
SQLITE_KIND_CHECK = re.compile(rf"(CONSTRAINT {KIND_CHECK} CHECK \()(kind IN \([^)]*\))")


def list_notice_kinds() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'notice'"
        match = SQLITE_KIND_CHECK.search(op.get_bind().execute(sa.text(query)).scalar_one())
        assert match is not None, "the table has the check"
        definition = match[2]
    else:
        query = f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{KIND_CHECK}'"  # noqa: S608
        definition = op.get_bind().execute(sa.text(query)).scalar_one()
    return re.findall(r"'(\w+)'", definition)


def set_notice_kinds(kinds: Sequence[str]) -> None:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    condition = f"kind IN ({names})"
    if op.get_bind().dialect.name == "sqlite":
        rewrite_table("notice", lambda sql: SQLITE_KIND_CHECK.sub(rf"\g<1>{condition}", sql))
    else:
        op.drop_constraint(op.f(KIND_CHECK), "notice", type_="check")
        op.create_check_constraint(op.f(KIND_CHECK), "notice", condition)
