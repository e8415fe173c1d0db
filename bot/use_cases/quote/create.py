"""Building and storing quotes at the prices of a preview (R6, R17)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.billing.gateway import Preview
from bot.db import Session
from bot.use_cases.audit.write import NewAuditEntry, prepare_audit_entries
from bot.use_cases.document_number import allocate_document_number
from models.account import Account, Address
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.document_sequence import QUOTE_PREFIX
from models.quote import Quote, QuoteLine, QuoteStatus, find_first_reminder_check


@dataclass(frozen=True)
class CreatedQuote:
    """`audit_entry` is to be written by the caller, in the same transaction."""

    quote: Quote
    lines: list[QuoteLine]
    audit_entry: NewAuditEntry


async def create_quote(
    session: Session,
    *,
    account: Account,
    contact_id: int | None,
    actor: Actor,
    preview: Preview,
    product_ids: Mapping[str, str],
    address: Address,
    frozen_at: datetime,
    expires_at: datetime,
    at: datetime,
    created_externally: bool = False,
    reason: str | None = None,
) -> CreatedQuote:
    """Stores a pending quote and its lines. It is offered to `contact_id`, or to all contacts if there is
    none. `product_ids` maps subscription ids to product ids. Store first what does not depend on the quote:
    see `allocate_document_number`."""
    await prepare_audit_entries(session, account.id, actor)
    quote = build_quote(
        number=await allocate_document_number(session, QUOTE_PREFIX),
        account=account,
        contact_id=contact_id,
        preview=preview,
        address=address,
        frozen_at=frozen_at,
        expires_at=expires_at,
        at=at,
        created_externally=created_externally,
    )
    session.add(quote)
    await session.flush()
    lines = build_quote_lines(quote, preview, product_ids)
    session.add_all(lines)
    await session.flush()
    entry = NewAuditEntry(
        actor,
        quote.audit_subject,
        AuditAction.MADE,
        at,
        status_change=(None, QuoteStatus.PENDING.value),
        reason=reason,
        details={"total": quote.total, "currency": quote.currency},
    )
    return CreatedQuote(quote, lines, entry)


def build_quote(
    *,
    number: str,
    account: Account,
    preview: Preview,
    address: Address,
    frozen_at: datetime,
    expires_at: datetime,
    at: datetime,
    contact_id: int | None = None,
    created_externally: bool = False,
) -> Quote:
    return Quote(
        number=number,
        account_id=account.id,
        contact_id=contact_id,
        created_externally=created_externally,
        created_at=at,
        expires_at=expires_at,
        remind_at=find_first_reminder_check(at, expires_at),
        currency=account.currency,
        **build_price_values(preview, address, frozen_at),
    )


def build_price_values(preview: Preview, address: Address, frozen_at: datetime) -> dict[str, Any]:
    return {
        "frozen_at": frozen_at,
        "address": address.model_dump(),
        "subtotal": preview.subtotal,
        "tax": preview.tax,
        "total": preview.subtotal + preview.tax,
        "starting_balance": preview.starting_balance,
        "amount_due": preview.amount_due,
        "minimum_charge": preview.minimum_charge,
        "tax_facts": preview.tax_details,
        "recurring": [{**asdict(r), "period": str(r.period)} for r in preview.recurring],
    }


def build_quote_lines(quote: Quote, preview: Preview, product_ids: Mapping[str, str]) -> list[QuoteLine]:
    return [
        QuoteLine(quote_id=quote.key, product_id=product_ids[line.subscription_id], **asdict(line))
        for line in preview.lines
    ]
