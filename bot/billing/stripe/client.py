"""The one client for Stripe's API, and what its errors mean here."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
import stripe
import structlog

from bot.billing.gateway import BillingRequestRejected, BillingUnavailable
from bot.network import find_proxy

log = structlog.get_logger()

ResponseT = TypeVar("ResponseT")
StripeObjectT = TypeVar("StripeObjectT", bound=stripe.StripeObject)

# Per request. Including retries, a call ends within half a minute, before a lease expires.
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)
MAX_RETRIES = 2

# Errors that don't say whether the request took effect; aiohttp's is raised for a truncated response.
NO_RESPONSE_ERRORS = (stripe.APIConnectionError, aiohttp.ClientError, TimeoutError, OSError)
AUTHENTICATION_ERRORS = (stripe.AuthenticationError, stripe.PermissionError)


def build_stripe_client(key: str, url: str, http: stripe.HTTPClient) -> stripe.StripeClient:
    """The module's retry setting does not apply to a client, so it is set here (README of stripe-python,
    "Configuring Automatic Retries")."""
    return stripe.StripeClient(
        key, base_addresses={"api": url.rstrip("/")}, max_network_retries=MAX_RETRIES, http_client=http
    )


def build_http_client(session: aiohttp.ClientSession, url: str) -> stripe.HTTPClient:
    return stripe.AIOHTTPClient(timeout=REQUEST_TIMEOUT, session=session, proxy=find_proxy(url))


async def request_stripe(call: Awaitable[ResponseT]) -> ResponseT:
    """For requests that move no money. Raises BillingUnavailable, and InvalidRequestError for what Stripe
    refuses or does not have."""
    try:
        return await call
    except stripe.InvalidRequestError as error:
        if error.code is None and error.http_status == 404:
            raise BillingUnavailable(why="there is no Stripe") from None
        raise
    except AUTHENTICATION_ERRORS as error:
        log.error("stripe.api_key_rejected", status=error.http_status, error=error.code)
        raise BillingUnavailable(why="the key is refused") from None
    except NO_RESPONSE_ERRORS as error:
        raise BillingUnavailable(why=f"it cannot be reached ({type(error).__name__})") from None
    except stripe.StripeError as error:
        raise BillingUnavailable(why=f"status {error.http_status}") from None


@contextmanager
def reject_unknown_errors(operation: str) -> Iterator[None]:
    """What Stripe refuses and nobody here knows by its code is logged with what Stripe's support needs."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        log_rejected_request(operation, error)
        raise BillingRequestRejected(
            reference=error.request_id or "", why=f"a request is refused ({error.code})"
        ) from None


def log_rejected_request(operation: str, error: stripe.StripeError) -> None:
    log.error(
        "stripe.request_rejected",
        operation=operation,
        error=error.code,
        parameter=getattr(error, "param", None),
        status=error.http_status,
        stripe_request=error.request_id,
    )


async def iter_all_pages(page: stripe.ListObject[StripeObjectT]) -> AsyncIterator[StripeObjectT]:
    while True:
        for thing in page.data:
            yield thing
        if not page.has_more:
            return
        page = await request_stripe(page.next_page_async())


def is_missing(error: stripe.InvalidRequestError) -> bool:
    return error.code == "resource_missing"


def is_tax_location_invalid(error: stripe.InvalidRequestError) -> bool:
    """Stripe Tax cannot place the address (docs.stripe.com/tax/customer-locations)."""
    return error.code == "customer_tax_location_invalid"


def is_outside_current_period(error: stripe.InvalidRequestError) -> bool:
    """The period has ended in the meantime: Stripe only prorates from within the current one."""
    return "proration_date" in (error.param or "")


def from_timestamp(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def to_timestamp(at: datetime) -> int:
    return int(at.timestamp())
