"""Quotes made elsewhere, as a file brings, changes and decides them (R8, R9)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.db import Database, Session
from models.audit.entry import AuditEntry
from models.checkout import Checkout
from models.notice import Notice, NoticeKind, PostedMessage
from models.quote import Quote, QuoteLine, QuoteStatus
from models.subscription import Subscription
from models.subscription.seat_pricing import PricingScheme, SeatPricing
from tests.use_cases.imports import (
    ACME,
    AT,
    QUOTE,
    Import,
    change,
    get_row,
    list_history,
    list_rows,
    reject,
    render_decided_quote,
)


async def test_a_quote_is_priced_from_the_import_on(imports: Import, session: Session) -> None:
    await imports(at=AT + timedelta(microseconds=5))
    quote = await get_row(session, Quote)
    line = await get_row(session, QuoteLine)
    # 14.5 of 30 days are left: 10 x 13.00 x 29/60, and 20 % of tax.
    assert (line.amount, line.tax) == (6283, 1257)
    assert (quote.subtotal, quote.tax, quote.total) == (6283, 1257, 7540)
    assert (quote.frozen_at, quote.created_externally, quote.status) == (AT, True, QuoteStatus.PENDING)
    # 25 seats at 14.00 and 10 at 13.00
    assert quote.recurring == [{"period": "month", "net": 48000, "tax": 9600}]
    assert (line.seats_before, line.unit_price) == (25, 1300)
    assert quote.expires_at == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert quote.remind_at == quote.expires_at - timedelta(days=7, hours=12)


async def test_a_period_that_has_ended_is_rolled_forward_for_a_quote(
    imports: Import, session: Session
) -> None:
    text = ACME.replace("expires: 2026-11-30", "expires: 2027-02-20")
    await imports(text, datetime(2027, 2, 15, 12, tzinfo=UTC))
    line = await get_row(session, QuoteLine)
    assert (line.period_start, line.period_end) == (date(2027, 2, 1), date(2027, 3, 1))
    assert (await list_rows(session, Subscription))[0].period_end == date(2026, 12, 1)


async def test_a_quotes_end_is_capped_at_its_lines_period_with_a_warning(
    imports: Import, session: Session
) -> None:
    summary = await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-12-01"))
    assert summary.warnings == ["Q-2041 would outlive a period of its lines: it ends 2026-11-30 23:00 UTC"]
    assert (await get_row(session, Quote)).expires_at == datetime(2026, 11, 30, 23, tzinfo=UTC)


async def test_a_quote_imported_after_its_end_is_expired_without_notices(
    imports: Import, session: Session
) -> None:
    summary = await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-10"))
    assert summary.warnings == ["Q-2041 had ended already and is stored as expired"]
    assert (await get_row(session, Quote)).status is QuoteStatus.EXPIRED
    assert await list_rows(session, Notice) == []


async def test_a_quote_of_seats_without_a_price_of_their_own_is_not_imported_and_named(
    imports: Import, session: Session, database: Database
) -> None:
    await imports()
    async with database.write() as writing:
        subscription = await writing.get_one(Subscription, "sub_1")
        subscription.unit_price, subscription.pricing = None, SeatPricing(scheme=PricingScheme.VOLUME)
        writing.add(subscription)
    new = QUOTE.replace("Q-2041", "Q-2042").replace(', unit_price: "13.00"', "")
    summary = await imports(ACME.replace(QUOTE, f"{QUOTE}\n      {new}"))
    refused = {warning.split(":")[0] for warning in summary.warnings}
    assert refused == {"Q-2041 is not imported", "Q-2042 is not imported"}
    assert (await get_row(session, Quote)).number == "Q-2041"
    assert (await list_rows(session, Subscription))[0].unit_price is None


async def test_a_new_quote_is_announced_to_all_contacts_and_the_channel(
    imports: Import, session: Session
) -> None:
    await imports()
    quote = await get_row(session, Quote)
    notices = await list_rows(session, Notice)
    assert {n.kind for n in notices} == {NoticeKind.QUOTE_ARRIVED}
    assert [n.event for n in notices] == [
        f"quote:{quote.id}:arrived>{to}" for to in ("contact:1", "contact:2", "channel:C01BILLING")
    ]


async def test_contacts_are_notified_once_without_a_channel(imports: Import, session: Session) -> None:
    await imports(ACME.replace("    channel: C01BILLING\n", ""))
    assert [n.destination for n in await list_rows(session, Notice)] == ["contact:1", "contact:2"]


async def test_new_lines_of_a_pending_quote_are_repriced_and_announced(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    quote = await get_row(session, Quote)
    await change(database, Checkout(quote_id=quote.key, contact_id=1, is_saved=True))
    await imports(ACME.replace("seats: 10", "seats: 20"), AT + timedelta(hours=1))
    quote, line = await get_row(session, Quote), await get_row(session, QuoteLine)
    assert (line.seats, quote.frozen_at) == (20, AT + timedelta(hours=1))
    assert quote.subtotal == line.amount == 12531
    assert not (await get_row(session, Checkout)).is_saved
    assert len(await list_rows(session, Notice)) == 6
    entry = (await list_rows(session, AuditEntry))[-1]
    assert (entry.subject, entry.action) == ("quote:Q-2041", "updated")
    assert entry.details == {
        "lines": [[["sub_1", 10, 1300]], [["sub_1", 20, 1300]]],
        "total": [7540, 15037],
    }


async def test_a_pending_quotes_new_end_keeps_its_prices(imports: Import, session: Session) -> None:
    await imports()
    await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-28"), AT + timedelta(hours=1))
    quote = await get_row(session, Quote)
    assert (quote.expires_at, quote.frozen_at) == (datetime(2026, 11, 28, 23, tzinfo=UTC), AT)
    assert len(await list_rows(session, Notice)) == 3


async def test_a_quote_that_is_no_longer_pending_is_not_changed(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await reject(database, session)
    assert (await imports()).warnings == []
    summary = await imports(ACME.replace("seats: 10", "seats: 20"))
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await get_row(session, QuoteLine)).seats == 10


async def test_overwriting_a_rejected_quote_never_revives_it(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await reject(database, session)
    await imports(ACME.replace("seats: 10", "seats: 20"), overwrite=True)
    assert (await get_row(session, QuoteLine)).seats == 20
    assert (await get_row(session, Quote)).status is QuoteStatus.REJECTED
    assert (await list_history(session))[-1][:2] == ("quote:Q-2041", "overwritten")


async def test_an_expired_quote_is_not_extended(imports: Import, session: Session) -> None:
    await imports(ACME.replace("expires: 2026-11-30", "expires: 2026-11-17"))
    summary = await imports(at=AT + timedelta(days=3), overwrite=True)
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await get_row(session, Quote)).expires_at == datetime(2026, 11, 17, 23, tzinfo=UTC)


@pytest.mark.parametrize("status", ["accepted", "rejected"])
async def test_a_quote_decided_elsewhere_is_closed_as_decided_there(
    imports: Import, database: Database, session: Session, status: str
) -> None:
    await imports()
    quote = await get_row(session, Quote)
    await change(database, PostedMessage(team="T01ACME", channel="C01BILLING", ts="1.1", quote_id=quote.id))
    await imports(render_decided_quote(status), AT + timedelta(hours=1))
    quote = await get_row(session, Quote)
    assert (quote.status.value, quote.decided_externally, quote.decided_by) == (status, True, "GoTo Admin")
    assert quote.decided_at == datetime(2026, 11, 16, 10, 30, tzinfo=UTC)
    assert (await list_history(session))[-1] == ("quote:Q-2041", status, "pending", status)
    enqueued_notices = [(n.kind, n.destination) for n in await list_rows(session, Notice)][3:]
    assert sorted(enqueued_notices) == [
        (NoticeKind.QUOTE_MESSAGE_UPDATE, "channel:C01BILLING"),
        (NoticeKind.QUOTE_DECIDED, "contact:1"),
        (NoticeKind.QUOTE_DECIDED, "contact:2"),
    ]
    assert (await imports(render_decided_quote(status), AT + timedelta(hours=2))).changed_accounts == 0


async def test_a_quote_imported_as_decided_is_closed_without_notices(
    imports: Import, session: Session
) -> None:
    await imports(render_decided_quote("accepted"))
    quote = await get_row(session, Quote)
    assert (quote.status, quote.decided_externally) == (QuoteStatus.ACCEPTED, True)
    assert await list_rows(session, Notice) == []


async def test_an_import_does_not_change_a_quote_decided_here(
    imports: Import, database: Database, session: Session
) -> None:
    await imports()
    await reject(database, session)
    summary = await imports(render_decided_quote("accepted"), overwrite=True)
    assert summary.warnings == ["quotes that are no longer pending stay as they are: Q-2041"]
    assert (await get_row(session, Quote)).status is QuoteStatus.REJECTED
