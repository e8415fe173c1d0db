"""What a receipt says is frozen in it, its PDF is a notice of its own, and how far each account's history has
come is kept beside the history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS_BEFORE = (
    *("order_status", "order_history", "order_placed", "order_waits", "order_declined"),
    *("order_needs_customer", "order_failed", "order_overdue", "receipt", "receipt_mail", "quote_arrived"),
    *("quote_reminder", "quote_decided", "quote_card", "portal_changed", "channel_unreachable"),
)
KINDS = (*KINDS_BEFORE, "receipt_file")
FROZEN = {
    "issued_on": (sa.Date(), "2000-01-01"),
    "buyer": (sqlmodel.sql.sqltypes.AutoString(), ""),
    "address": (sa.JSON(), "{}"),
    "seller": (sa.JSON(), "{}"),
    "lines": (sa.JSON(), "[]"),
    "cards": (sa.JSON(), "[]"),
}
ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")

# (name, table, event, condition under which the change is refused)
GUARDS = (
    ("receipt_no_update", "receipt", "UPDATE", "1 = 1"),
    ("receipt_no_delete", "receipt", "DELETE", "1 = 1"),
    ("audit_head_no_delete", "audit_head", "DELETE", "1 = 1"),
    ("audit_head_goes_on", "audit_head", "UPDATE",
     "NOT (NEW.account_id = OLD.account_id AND NEW.number = OLD.number + 1)"),
)  # fmt: skip
# SQLite's INSERT OR REPLACE deletes the row in its way without asking any trigger.
NO_REPLACING = (
    ("receipt_no_replace", "receipt", "id = NEW.id OR number = NEW.number OR order_id = NEW.order_id"),
    ("audit_head_no_replace", "audit_head", "account_id = NEW.account_id"),
)


def upgrade() -> None:
    _allow_kinds(KINDS)
    for name, (type_, default) in FROZEN.items():
        op.add_column("receipt", sa.Column(name, type_, nullable=False, server_default=default))
    _freeze_receipts()
    with op.batch_alter_table("receipt") as batch:
        for name in FROZEN:
            batch.alter_column(name, server_default=None)
    op.create_table(
        "audit_head",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_audit_head_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", name="pk_audit_head"),
    )
    op.execute(
        "INSERT INTO audit_head (account_id, number, hash) SELECT account_id, number, hash FROM audit_entry e "
        "WHERE number = (SELECT max(number) FROM audit_entry WHERE account_id = e.account_id)"
    )
    (_guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql)()


def _allow_kinds(kinds: tuple[str, ...]) -> None:
    with op.batch_alter_table("notice") as batch:
        batch.drop_constraint(op.f("ck_notice_noticekind"), type_="check")
        names = ", ".join(f"'{kind}'" for kind in kinds)
        batch.create_check_constraint(op.f("ck_notice_noticekind"), f"kind IN ({names})")


def _freeze_receipts() -> None:
    """As names, addresses and cards are now: nobody kept how they were. The seller was in no table."""
    receipts, accounts, orders, quotes = (_table(n) for n in ("receipt", "account", "service_order", "quote"))
    rows = (
        sa.select(
            receipts.c.id,
            receipts.c.issued_at,
            accounts.c.name,
            accounts.c.time_zone,
            orders.c.id.label("order_id"),
            orders.c.address,
            orders.c.payment_method_id,
            quotes.c.frozen_at,
        )
        .join(accounts, accounts.c.id == receipts.c.account_id)
        .join(orders, orders.c.id == receipts.c.order_id)
        .join(quotes, quotes.c.id == orders.c.quote_id)
    )
    for row in op.get_bind().execute(rows).all():
        settled = list(_settled_lines(row))
        op.get_bind().execute(
            receipts.update()
            .where(receipts.c.id == row.id)
            .values(
                issued_on=_day(row.issued_at, row.time_zone),
                buyer=row.name,
                address=row.address,
                lines=[line for line, _ in settled],
                cards=_cards(settled),
            )
        )


def _settled_lines(row: Any) -> Iterator[tuple[dict[str, Any], tuple[str, str, str]]]:
    """Each line of the receipt, with the card it was charged to: id, brand and last digits."""
    lines, promised, products, methods = (
        _table(n) for n in ("order_line", "quote_line", "product", "payment_method")
    )
    charged = sa.func.coalesce(lines.c.payment_method_id, row.payment_method_id)
    query = (
        sa.select(lines, promised, products.c.name, methods.c.id, methods.c.brand, methods.c.last4)
        .join(promised, promised.c.id == lines.c.quote_line_id)
        .join(products, products.c.id == promised.c.product_id)
        .join(methods, methods.c.id == charged)
        .where(lines.c.order_id == row.order_id, lines.c.status == "settled")
        .order_by(lines.c.id)
    )
    for line in op.get_bind().execute(query).mappings():
        since = max(_day(row.frozen_at, row.time_zone), line[promised.c.period_start])
        yield {
            "product": line[products.c.name],
            "seats": line[lines.c.seats],
            "unit_price": line[promised.c.unit_price],
            "period": line[promised.c.period],
            "since": since.isoformat(),
            "until": line[promised.c.period_end].isoformat(),
            "amount": line[lines.c.amount],
            "tax": line[lines.c.tax],
        }, (line[methods.c.id], line[methods.c.brand], line[methods.c.last4])


def _cards(settled: list[tuple[dict[str, Any], tuple[str, str, str]]]) -> list[dict[str, Any]]:
    charged: dict[tuple[str, str, str], int] = {}
    for line, card in settled:
        charged[card] = charged.get(card, 0) + line["amount"] + line["tax"]
    return [{"brand": b, "last4": last4, "amount": amount} for (_, b, last4), amount in charged.items()]


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def _day(at: datetime, zone: str) -> Any:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone)).date()


def _guard_sqlite() -> None:
    for name, table, event, refused in GUARDS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    for name, table, same in NO_REPLACING:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _guard_postgresql() -> None:
    for name, table, event, refused in GUARDS:
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW "
            f"WHEN ({refused}) EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table in [g[:2] for g in GUARDS] + [g[:2] for g in NO_REPLACING if sqlite]:
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("audit_head")
    with op.batch_alter_table("receipt") as batch:
        for name in FROZEN:
            batch.drop_column(name)
    op.execute("DELETE FROM notice WHERE kind = 'receipt_file'")
    _allow_kinds(KINDS_BEFORE)
