import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.accounts_file import WrongAccountsFile
from bot.billing.embedded import EmbeddedGateway
from bot.db import Database
from bot.use_cases.account_import import ImportSummary, import_accounts
from bot.use_cases.product import store_catalogue
from models.account import Account, Portal
from models.administrator import Administrator
from models.audit_entry import AuditEntry, broken_links
from models.billing_contact import BillingContact
from models.checkout import Checkout
from models.migrations.tables import metadata
from models.notice import Notice, NoticeKind, PostedMessage
from models.payment_method import PaymentMethod
from models.product import SHIPPED_CATALOGUE, Product
from models.quote import Quote, QuoteLine, QuoteStatus
from models.seat_assignment import SeatAssignment
from models.subscription import SeatBlock, Subscription
from tests.bench.import_accounts import big_file

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


@pytest.fixture
def imports(database: Database, tmp_path: Path) -> Import:
    async def run(text: str = ACME, at: datetime = AT, *, overwrite: bool = False) -> ImportSummary:
        path = tmp_path / "accounts.yml"
        path.write_text(text, "utf-8")
        return await import_accounts(database, path=path, at=at, operator="Olga", overwrite=overwrite)

    return run


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(database.engine) as session:
        yield session


async def all_of(session: AsyncSession, model: type[Row]) -> list[Row]:
    """As they are now, by primary key, and belonging to no session."""
    await session.rollback()
    keys = model.__table__.primary_key  # type: ignore[attr-defined]
    rows = list((await session.exec(select(model).order_by(*keys))).all())
    session.expunge_all()
    return rows


async def one_of(session: AsyncSession, model: type[Row]) -> Row:
    [row] = await all_of(session, model)
    return row


async def story(session: AsyncSession) -> list[tuple[str, str, str | None, str | None]]:
    entries = sorted(await all_of(session, AuditEntry), key=lambda e: e.id or 0)
    return [(e.subject, e.action, e.from_status, e.to_status) for e in entries]


async def change(database: Database, row: SQLModel, **values: object) -> None:
    async with database.write() as session:
        session.add(row.sqlmodel_update(values))


async def test_the_file_is_stored(imports: Import, session: AsyncSession) -> None:
    summary = await imports(ACME.replace("products:\n", UMBRELLA + "products:\n"))
    assert summary == ImportSummary(
        accounts=2, subscriptions=2, billing_contacts=3, quotes=1, changed=2, warnings=[]
    )
    acme, _ = await all_of(session, Account)
    assert (acme.currency, acme.tax_rate, acme.locale, acme.home_country) == ("EUR", "0.20", "fr", "FR")
    assert acme.default_portal is Portal.CORPORATE
    meeting, rescue = await all_of(session, Subscription)
    assert (meeting.seats, meeting.unit_price, meeting.period_end) == (25, 1400, date(2026, 12, 1))
    assert (rescue.product_id, rescue.unit_price) == ("rescue", 6000)
    method = await one_of(session, PaymentMethod)
    assert (method.last4, method.expiry_year, method.expiry_month, method.is_default) == (
        "4242",
        2028,
        4,
        True,
    )
    emails = [(c.account_id, c.email) for c in await all_of(session, BillingContact)]
    assert ("acme", "alice@acme.example") in emails
    assert ("umbrella", "alice@acme.example") in emails
    seat = await one_of(session, SeatAssignment)
    assert (seat.product_id, seat.subscription_id, seat.order_line_id) == ("goto-meeting", "sub_1", None)


async def test_history_tells_who_imported_what_from_where(imports: Import, session: AsyncSession) -> None:
    await imports()
    assert await story(session) == [
        ("account:acme", "imported", None, None),
        ("quote:Q-2041", "imported", None, "pending"),
    ]
    entries = await all_of(session, AuditEntry)
    actors = {(e.actor_kind, e.actor_name, e.source) for e in entries}
    assert actors == {("operator", "Olga", "import:accounts.yml")}
    assert entries[0].details["subscription:sub_1"] == "added"
    assert broken_links(entries) == []


async def test_a_quote_is_priced_from_the_import_on(imports: Import, session: AsyncSession) -> None:
    await imports(at=AT + timedelta(microseconds=5))
    quote = await one_of(session, Quote)
    line = await one_of(session, QuoteLine)
    # 14.5 of 30 days are left: 10 x 13.00 x 29/60, and 20 % of tax.
    assert (line.amount, line.tax) == (6283, 1257)
    assert (quote.subtotal, quote.tax, quote.total) == (6283, 1257, 7540)
    assert (quote.frozen_at, quote.made_elsewhere, quote.status) == (AT, True, QuoteStatus.PENDING)
    # 25 seats at 14.00 and 10 at 13.00
    assert quote.recurring == [{"period": "month", "net": 48000, "tax": 9600}]
    assert (line.seats_before, line.unit_price) == (25, 1300)
    assert quote.expires_at == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert quote.remind_at == quote.expires_at - timedelta(days=7, hours=12)


async def test_a_period_that_is_over_is_rolled_on_for_a_quote(imports: Import, session: AsyncSession) -> None:
    text = ACME.replace("expires: 2026-11-30", "expires: 2027-02-20")
    await imports(text, datetime(2027, 2, 15, 12, tzinfo=UTC))
    line = await one_of(session, QuoteLine)
    assert (line.period_start, line.period_end) == (date(2027, 2, 1), date(2027, 3, 1))
    assert (await all_of(session, Subscription))[0].period_end == date(2026, 12, 1)


async def test_a_quotes_end_is_capped_at_its_lines_period_with_a_warning(
    imports: Import, session: AsyncSession
) -> None:
    summary = await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-12-01"))
    assert summary.warnings == ["Q-2041 would outlive a period of its lines: it ends 2026-11-30 23:00 UTC"]
    assert (await one_of(session, Quote)).expires_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


async def test_a_quote_that_had_ended_is_stored_as_expired_and_nobody_is_told(
    imports: Import, session: AsyncSession
) -> None:
    summary = await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-10"))
    assert summary.warnings == ["Q-2041 had ended already and is stored as expired"]
    assert (await one_of(session, Quote)).status is QuoteStatus.EXPIRED
    assert await all_of(session, Notice) == []


async def test_a_new_quote_is_told_to_all_contacts_and_the_channel(
    imports: Import, session: AsyncSession
) -> None:
    await imports()
    quote = await one_of(session, Quote)
    notices = await all_of(session, Notice)
    assert {n.kind for n in notices} == {NoticeKind.QUOTE_ARRIVED}
    assert [n.event for n in notices] == [
        f"quote:{quote.id}:arrived>{to}" for to in ("contact:1", "contact:2", "channel:C01BILLING")
    ]


async def test_without_a_channel_the_contacts_are_told_once(imports: Import, session: AsyncSession) -> None:
    await imports(ACME.replace("    channel: C01BILLING\n", ""))
    assert [n.destination for n in await all_of(session, Notice)] == ["contact:1", "contact:2"]


@pytest.mark.parametrize("overwrite", [False, True])
async def test_the_same_file_again_changes_nothing(
    imports: Import, database: Database, overwrite: bool
) -> None:
    await imports()
    before = dump(database)
    summary = await imports(at=AT + timedelta(hours=3), overwrite=overwrite)
    assert (summary.changed, summary.warnings) == (0, [])
    assert dump(database) == before


async def test_the_same_file_after_a_period_has_turned_changes_nothing(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    [meeting, _] = await all_of(session, Subscription)
    await change(database, meeting, period_start=date(2026, 12, 1), period_end=date(2027, 1, 1))
    before = dump(database)
    summary = await imports(at=AT + timedelta(days=30), overwrite=True)
    assert (summary.changed, summary.warnings) == (0, [])
    assert dump(database) == before


async def test_one_problem_anywhere_stores_nothing(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    before = dump(database)
    with pytest.raises(WrongAccountsFile):
        await imports(ACME.replace("products:\n", UMBRELLA.replace("GBP", "GB") + "products:\n"))
    assert dump(database) == before


async def test_a_failure_half_way_stores_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "big.yml"
    path.write_text(big_file(120), "utf-8")
    before = dump(database)

    def unplugged(done: int, total: int) -> None:
        if done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await import_accounts(database, path=path, at=AT, progress=unplugged)
    assert dump(database) == before


async def test_progress_is_told(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "big.yml"
    path.write_text(big_file(120), "utf-8")
    told: list[tuple[int, int]] = []
    await import_accounts(database, path=path, at=AT, progress=lambda *now: told.append(now))
    assert told == [(50, 120), (100, 120), (120, 120)]


async def test_changes_of_an_account_are_in_one_entry_with_old_and_new(
    imports: Import, session: AsyncSession
) -> None:
    await imports()
    await imports(ACME.replace("Acme SA", "Acme SAS").replace('"14.00"', '"15.00"'))
    entry = (await all_of(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("account:acme", "updated")
    assert entry.details == {
        "name": ["Acme SA", "Acme SAS"],
        "subscription:sub_1": {"unit_price": [1400, 1500]},
    }


async def test_who_and_what_is_no_longer_listed_is_withdrawn_and_taken_back(
    imports: Import, session: AsyncSession
) -> None:
    await imports()
    shorter = re.sub(r"      - {(email: benoit|email: hugo|id: pm_1).*\n", "", ACME)
    shorter = shorter.replace("    administrators:\n", "").replace("    payment_methods:\n", "")
    await imports(shorter)
    assert await active(session) == [True, False, False, False]
    assert (await all_of(session, AuditEntry))[-1].details == {
        "contact:benoit@acme.example": "withdrawn",
        "administrator:hugo@acme.example": "withdrawn",
        "payment_method:pm_1": "withdrawn",
    }
    await imports()
    assert await active(session) == [True, True, True, True]


async def test_an_administrator_whom_an_order_added_is_not_withdrawn(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    """R11: a file withdraws whom it no longer lists, and never listed them."""
    await imports()
    await change(database, Administrator(account_id="acme", email="zoe@acme.example", name="Zoé"))
    await imports(ACME.replace("Acme SA", "Acme"))
    found = {a.email: a.active for a in await all_of(session, Administrator)}
    assert found == {"hugo@acme.example": True, "zoe@acme.example": True}


async def test_accounts_that_are_not_named_stay(imports: Import, session: AsyncSession) -> None:
    await imports()
    await imports("accounts:\n" + UMBRELLA)
    assert all(c.active for c in await all_of(session, BillingContact))


async def test_the_default_portal_is_never_reset(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await change(database, await one_of(session, Account), default_portal=Portal.ADMIN)
    await imports(ACME.replace("Acme SA", "Acme SAS"))
    assert (await one_of(session, Account)).default_portal is Portal.ADMIN


async def test_an_orders_address_stays_until_the_file_has_a_new_one(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await change(database, await one_of(session, Account), city="Lyon", postal_code="69001")
    assert (await imports()).changed == 0
    assert (await one_of(session, Account)).city == "Lyon"
    await imports(ACME.replace("city: Paris", "city: Nantes"))
    account = await one_of(session, Account)
    assert (account.city, account.postal_code) == ("Nantes", "75002")


NEW_SEATS = ACME.replace("seats: 25", "seats: 30")
NEW_PERIOD = ACME.replace("period_start: 2026-11-01, period_end: 2026-12-01",
                          "period_start: 2026-11-10, period_end: 2026-12-10")  # fmt: skip


@pytest.mark.parametrize("text", [NEW_SEATS, NEW_PERIOD])
async def test_seats_and_periods_that_are_stored_stay(
    imports: Import, session: AsyncSession, text: str
) -> None:
    await imports()
    summary = await imports(text)
    assert summary.warnings == ["seats and periods differ here and stay without --overwrite: sub_1"]
    meeting = (await all_of(session, Subscription))[0]
    assert (meeting.seats, meeting.period_start) == (25, date(2026, 11, 1))
    assert len(await all_of(session, AuditEntry)) == 2


async def test_overwriting_seats_is_in_the_history(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await change(database, SeatBlock(subscription_id="sub_1", unit_price=1300, seats=5))
    await imports(NEW_SEATS, overwrite=True)
    assert (await all_of(session, Subscription))[0].seats == 30
    assert await all_of(session, SeatBlock) == []
    entry = (await all_of(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("subscription:sub_1", "overwritten")
    assert entry.details == {"seats": [25, 30]}


async def test_what_is_overwritten_reaches_the_embedded_provider(imports: Import, database: Database) -> None:
    await imports()
    gateway = EmbeddedGateway(database, lambda: AT, "https://portal.example")
    assert [s.seats for s in await gateway.subscriptions("acme")] == [25, 3]
    await imports(ACME.replace("seats: 25", "seats: 40"))
    assert [s.seats for s in await gateway.subscriptions("acme")] == [25, 3]
    await imports(ACME.replace("seats: 25", "seats: 40").replace('"14.00"', '"15.00"'), overwrite=True)
    held = (await gateway.subscriptions("acme"))[0]
    assert (held.seats, held.unit_price) == (40, 1500)


async def test_overwriting_a_period_is_in_the_history(imports: Import, session: AsyncSession) -> None:
    await imports()
    await imports(NEW_PERIOD, overwrite=True)
    entry = (await all_of(session, AuditEntry))[-1]
    assert entry.details == {
        "period_start": ["2026-11-01", "2026-11-10"],
        "period_end": ["2026-12-01", "2026-12-10"],
    }


async def test_a_pending_quotes_new_lines_are_priced_anew_and_told(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    quote = await one_of(session, Quote)
    await change(database, Checkout(quote_id=quote.key, contact_id=1, saved=True))
    await imports(ACME.replace("seats: 10", "seats: 20"), AT + timedelta(hours=1))
    quote, line = await one_of(session, Quote), await one_of(session, QuoteLine)
    assert (line.seats, quote.frozen_at) == (20, AT + timedelta(hours=1))
    assert quote.subtotal == line.amount == 12531
    assert not (await one_of(session, Checkout)).saved
    assert len(await all_of(session, Notice)) == 6
    entry = (await all_of(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("quote:Q-2041", "updated")
    assert entry.details == {
        "lines": [[["sub_1", 10, 1300]], [["sub_1", 20, 1300]]],
        "total": [7540, 15037],
    }


async def test_a_pending_quotes_new_end_keeps_its_prices(imports: Import, session: AsyncSession) -> None:
    await imports()
    await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-28"), AT + timedelta(hours=1))
    quote = await one_of(session, Quote)
    assert (quote.expires_at, quote.frozen_at) == (datetime(2026, 11, 28, 23, tzinfo=UTC), AT)
    assert len(await all_of(session, Notice)) == 3


async def test_a_quote_no_longer_pending_stays(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await reject(database, session)
    assert (await imports()).warnings == []
    summary = await imports(ACME.replace("seats: 10", "seats: 20"))
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await one_of(session, QuoteLine)).seats == 10


async def test_overwriting_a_rejected_quote_never_revives_it(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await reject(database, session)
    await imports(ACME.replace("seats: 10", "seats: 20"), overwrite=True)
    assert (await one_of(session, QuoteLine)).seats == 20
    assert (await one_of(session, Quote)).status is QuoteStatus.REJECTED
    assert (await story(session))[-1][:2] == ("quote:Q-2041", "overwritten")


async def test_a_quote_past_its_validity_is_not_prolonged(imports: Import, session: AsyncSession) -> None:
    await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-17"))
    summary = await imports(at=AT + timedelta(days=3), overwrite=True)
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await one_of(session, Quote)).expires_at == datetime(2026, 11, 17, 23, tzinfo=UTC)


def decided(status: str) -> str:
    closed = f"decided: {{status: {status}, at: 2026-11-16T10:30:00Z}}"
    return ACME.replace("number: Q-2041,", f"number: Q-2041, {closed},")


@pytest.mark.parametrize("status", ["accepted", "rejected"])
async def test_a_quote_decided_elsewhere_is_closed_as_decided_there(
    imports: Import, database: Database, session: AsyncSession, status: str
) -> None:
    await imports()
    quote = await one_of(session, Quote)
    await change(database, PostedMessage(team="T01ACME", channel="C01BILLING", ts="1.1", quote_id=quote.id))
    await imports(decided(status), AT + timedelta(hours=1))
    quote = await one_of(session, Quote)
    assert (quote.status.value, quote.decided_elsewhere, quote.decided_by) == (status, True, "GoTo Admin")
    assert quote.decided_at == datetime(2026, 11, 16, 10, 30, tzinfo=UTC)
    assert (await story(session))[-1] == ("quote:Q-2041", status, "pending", status)
    told = [(n.kind, n.destination) for n in await all_of(session, Notice)][3:]
    assert sorted(told) == [
        (NoticeKind.QUOTE_CARD, "channel:C01BILLING"),
        (NoticeKind.QUOTE_DECIDED, "contact:1"),
        (NoticeKind.QUOTE_DECIDED, "contact:2"),
    ]
    assert (await imports(decided(status), AT + timedelta(hours=2))).changed == 0


async def test_a_quote_that_arrives_decided_is_stored_closed_and_nobody_is_told(
    imports: Import, session: AsyncSession
) -> None:
    await imports(decided("accepted"))
    quote = await one_of(session, Quote)
    assert (quote.status, quote.decided_elsewhere) == (QuoteStatus.ACCEPTED, True)
    assert await all_of(session, Notice) == []


async def test_what_was_decided_here_is_not_decided_again_elsewhere(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports()
    await reject(database, session)
    summary = await imports(decided("accepted"), overwrite=True)
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await one_of(session, Quote)).status is QuoteStatus.REJECTED


async def test_seats_of_administrators_follow_the_file_but_for_those_that_orders_gave(
    imports: Import, session: AsyncSession
) -> None:
    await imports()
    await imports(ACME.replace("seats: [sub_1]", "seats: [sub_2]"))
    assert (await one_of(session, SeatAssignment)).product_id == "rescue"
    await imports(ACME.replace(", seats: [sub_1]", ""))
    assert (await one_of(session, SeatAssignment)).product_id == "rescue"


async def test_an_id_of_another_account_in_the_database_is_refused_by_name(imports: Import) -> None:
    await imports()
    method = "    payment_methods:\n      - {id: pm_1, brand: visa, last4: 4444, expires: 2028-04}\n"
    with pytest.raises(WrongAccountsFile, match=r"line 10, .*id: pm_1 belongs to the account acme"):
        await imports("accounts:\n" + UMBRELLA + method)


async def test_products_of_earlier_files_are_known(imports: Import, session: AsyncSession) -> None:
    await imports()
    assert (await imports(ACME[: ACME.index("products:")])).changed == 0
    assert len(await all_of(session, Product)) == len(SHIPPED_CATALOGUE) + 1


async def test_the_catalogue_is_stored_once_and_overrides_stay(
    imports: Import, database: Database, session: AsyncSession
) -> None:
    await imports(ACME + "  - {id: goto-training, name: GoTo Training, reason: No more.}\n")
    async with database.write() as writing:
        await store_catalogue(writing)
    training = select(Product).where(col(Product.id) == "goto-training")
    assert not (await session.exec(training)).one().additional_seats


async def active(session: AsyncSession) -> list[bool]:
    """Of the contacts, the administrator and the payment method."""
    contacts = [row.active for row in await all_of(session, BillingContact)]
    administrators = [row.active for row in await all_of(session, Administrator)]
    return contacts + administrators + [row.active for row in await all_of(session, PaymentMethod)]


async def reject(database: Database, session: AsyncSession) -> None:
    quote = await one_of(session, Quote)
    quote.decide(QuoteStatus.REJECTED, AT, "Alice Martin")
    async with database.write() as writing:
        await writing.merge(quote)


def dump(database: Database) -> list[str]:
    engine = create_engine(database.url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        rows = {t.name: connection.execute(t.select()).all() for t in metadata.sorted_tables}
    engine.dispose()
    return sorted(f"{name} {tuple(row)}" for name, found in rows.items() for row in found)


async def test_r3_another_method_becomes_the_default(imports: Import, session: AsyncSession) -> None:
    """Whichever of the two is written first, the account never has two defaults."""
    line = '      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, default: true}\n'
    for default, other in (("pm_1", "pm_2"), ("pm_2", "pm_1"), ("pm_1", "pm_2")):
        second = line.replace("pm_1", other).replace("default: true", "default: false")
        await imports(ACME.replace(line, line.replace("pm_1", default) + second))
        assert {m.id: m.is_default for m in await all_of(session, PaymentMethod)} == {
            default: True,
            other: False,
        }


async def test_a_file_leaves_the_cards_of_a_linked_account_alone(
    imports: Import, session: AsyncSession
) -> None:
    """Stripe says which there are."""
    await imports()
    card = '      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, default: true}\n'
    methods = f"    payment_methods:\n{card}"
    linked = ACME.replace(methods, "    stripe_customer: cus_acme1\n")
    await imports(linked)
    assert (await one_of(session, Account)).stripe_customer == "cus_acme1"
    method = await one_of(session, PaymentMethod)
    assert (method.active, method.is_default) == (True, True)
