"""Sending a quote as a PDF, for the person who pays."""

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.use_cases.notice.enqueue import enqueue_notice, is_delivery_pending, list_direct_destinations
from bot.use_cases.quote.read import lock_quote
from models.account.billing_contact import BillingContact
from models.details import QuoteDetails
from models.notice import NoticeKind
from models.notice.payloads import DocumentPayload


async def send_quote(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int
) -> tuple[QuoteDetails, BillingContact]:
    """Sends the quote and its PDF by direct message: once, if it is requested again before it has been
    delivered."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        destinations = list_direct_destinations([contact])
        event_prefix = f"quote:{quote_id}:asked:"
        if not await is_delivery_pending(session, event_prefix, destinations):
            await enqueue_notice(
                session,
                NoticeKind.QUOTE_PDF_REQUESTED,
                f"{event_prefix}{at.isoformat()}",
                destinations,
                account=details.account,
                at=at,
                quote=details.quote,
                payload=DocumentPayload(requested=True),
            )
        return details, contact
