"""Accounts files to import, and what an import left in the database."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import create_engine
from sqlmodel import SQLModel, select

from bot.db import Database, Session
from bot.use_cases.accounts_import.run import ImportSummary
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditEntry
from models.migrations.tables import metadata
from models.payment_method import PaymentMethod
from models.quote import Quote, QuoteStatus

AT = datetime(2026, 11, 16, 11, tzinfo=UTC)
ACME = """\
accounts:
  - id: acme
    name: Acme SA
    slack_team: T01ACME
    channel: C01BILLING
    currency: EUR
    tax_rate: "0.20"
    locale: fr
    time_zone: Europe/Paris
    billing_address: {line1: 1 rue de la Paix, postal_code: "75002", city: Paris, country: FR}
    billing_contacts:
      - {email: Alice@Acme.example, name: Alice Martin, slack_user: U01ALICE}
      - {email: benoit@acme.example, name: Benoît Roy}
    administrators:
      - {email: hugo@acme.example, name: Hugo Petit, seats: [sub_1]}
    payment_methods:
      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, default: true}
    subscriptions:
      - {id: sub_1, product: goto-meeting, seats: 25, unit_price: "14.00", period: month,
         period_start: 2026-11-01, period_end: 2026-12-01}
      - {id: sub_2, product: rescue, seats: 3, unit_price: "60.00", period: year,
         period_start: 2026-03-01, period_end: 2027-03-01}
    quotes:
      - {number: Q-2041, expires: 2026-11-30, lines: [{subscription: sub_1, seats: 10, unit_price: "13.00"}]}
products:
  - {id: rescue, name: Rescue, reason: Sold by Account Services.}
"""
UMBRELLA = """\
  - id: umbrella
    name: Umbrella Ltd
    slack_team: T01ACME
    currency: GBP
    billing_address: {line1: 1 High Street, postal_code: N1, city: London, country: GB}
    billing_contacts:
      - {email: alice@acme.example, name: Alice Martin}
"""
QUOTE = (
    '- {number: Q-2041, expires: 2026-11-30, lines: [{subscription: sub_1, seats: 10, unit_price: "13.00"}]}'
)
Row = TypeVar("Row", bound=SQLModel)
Import = Callable[..., Awaitable[ImportSummary]]


async def list_rows(session: Session, model: type[Row]) -> list[Row]:
    """As they are now, by primary key, and belonging to no session."""
    keys = model.__table__.primary_key  # type: ignore[attr-defined]
    rows = list((await session.exec(select(model).order_by(*keys))).all())
    session.expunge_all()
    return rows


async def get_row(session: Session, model: type[Row]) -> Row:
    [row] = await list_rows(session, model)
    return row


async def list_history(session: Session) -> list[tuple[str, str, str | None, str | None]]:
    entries = sorted(await list_rows(session, AuditEntry), key=lambda e: e.id or 0)
    return [(e.subject, e.action, e.from_status, e.to_status) for e in entries]


async def change(database: Database, row: SQLModel, **values: object) -> None:
    async with database.write() as session:
        session.add(row.sqlmodel_update(values))


def render_decided_quote(status: str) -> str:
    closed = f"decided: {{status: {status}, at: 2026-11-16T10:30:00Z}}"
    return ACME.replace("number: Q-2041,", f"number: Q-2041, {closed},")


async def list_active_flags(session: Session) -> list[bool]:
    """Of the contacts, the administrator and the payment method."""
    contacts = [row.active for row in await list_rows(session, BillingContact)]
    administrators = [row.active for row in await list_rows(session, Administrator)]
    return contacts + administrators + [row.active for row in await list_rows(session, PaymentMethod)]


async def reject(database: Database, session: Session) -> None:
    quote = await get_row(session, Quote)
    quote.change_status(QuoteStatus.REJECTED, AT, "Alice Martin")
    async with database.write() as writing:
        await writing.merge(quote)


def dump_rows(database: Database) -> list[str]:
    engine = create_engine(database.url)
    with engine.connect() as connection:
        rows = {t.name: connection.execute(t.select()).all() for t in metadata.sorted_tables}
    engine.dispose()
    return sorted(f"{name} {tuple(row)}" for name, found in rows.items() for row in found)
