"""Sending a quote as a PDF, for the person who pays."""

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.use_cases.notice.enqueue import enqueue_requested_document
from bot.use_cases.quote.read import lock_quote
from models.account.billing_contact import BillingContact
from models.details import QuoteDetails
from models.notice import NoticeKind


async def send_quote(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int
) -> tuple[QuoteDetails, BillingContact]:
    """Sends the quote and its PDF by direct message: once, if it is requested again before it has been
    delivered."""
    at = dependencies.now()
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        await enqueue_requested_document(
            session,
            NoticeKind.QUOTE_PDF_REQUESTED,
            f"quote:{quote_id}",
            contact,
            account=details.account,
            at=at,
            quote=details.quote,
        )
        return details, contact
