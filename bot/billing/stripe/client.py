"""The one client for Stripe's API, and what its errors mean here.

docs.stripe.com/api/errors
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
import stripe
import structlog

from bot.billing.gateway import (
    BillingAccessDenied,
    BillingBusy,
    BillingRequestRejected,
    BillingSystemFailed,
    BillingUnavailable,
)
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
CONFLICT_STATUS = 409
PERMISSION_PATTERN = re.compile(r"'(?:rak_)?([a-z_]+_(?:read|write))'")

_action_taken: ContextVar[str] = ContextVar("action_taken", default="refused")


def build_stripe_client(key: str, url: str, http: stripe.HTTPClient) -> stripe.StripeClient:
    # The module's retry setting does not apply to a client, so it is set here (README of stripe-python,
    # "Configuring Automatic Retries").
    return stripe.StripeClient(
        key, base_addresses={"api": url.rstrip("/")}, max_network_retries=MAX_RETRIES, http_client=http
    )


def build_http_client(session: aiohttp.ClientSession, url: str) -> stripe.HTTPClient:
    return stripe.AIOHTTPClient(timeout=REQUEST_TIMEOUT, session=session, proxy=find_proxy(url))


async def request_stripe(
    call: Awaitable[ResponseT],
    operation: str,
    *,
    expects: Callable[[stripe.InvalidRequestError], bool] | None = None,
) -> ResponseT:
    """Sends a request that moves no money; `operation` is the SDK's method, such as `invoices.void`. Errors
    with a code that `expects` accepts are raised as they are. All others become BillingUnavailable; those
    with an unknown code are logged."""
    try:
        return await call
    except stripe.InvalidRequestError as error:
        if expects is not None and expects(error):
            raise
        raise convert_stripe_error(operation, error) from None
    except NO_RESPONSE_ERRORS as error:
        raise BillingUnavailable(why=f"it cannot be reached ({type(error).__name__})") from None
    except stripe.StripeError as error:
        raise convert_stripe_error(operation, error) from None


def convert_stripe_error(operation: str, error: stripe.StripeError) -> BillingUnavailable:
    """Converts an error to the refusal that people see. Logs what an operator must know: a key without a
    permission, and every unknown code."""
    status, reference = error.http_status or 0, error.request_id or ""
    if isinstance(error, AUTHENTICATION_ERRORS):
        permission = _find_missing_permission(error)
        log.error(
            "stripe.api_key_rejected",
            operation=operation,
            status=status,
            error=_find_error_code(error),
            permission=permission,
            stripe_request=error.request_id,
        )
        why = f"the key lacks the permission {permission}" if permission else "the key is refused"
        return BillingAccessDenied(reference=reference, why=why)
    if isinstance(error, stripe.RateLimitError) or status == CONFLICT_STATUS:
        return BillingBusy(why=f"status {status}")
    if not 400 <= status < 500:
        return BillingSystemFailed(why=f"status {status}")
    log_rejected_request(operation, error)
    code = _find_error_code(error)
    if status == 404 and code is None:
        return BillingSystemFailed(why="there is no Stripe")
    return BillingRequestRejected(code, reference=reference, why=f"a request is refused ({code})")


@contextmanager
def log_action_taken(action_taken: str) -> Iterator[None]:
    """Sets what is logged as `action_taken` if Stripe refuses a request inside."""
    token = _action_taken.set(action_taken)
    try:
        yield
    finally:
        _action_taken.reset(token)


def log_rejected_request(operation: str, error: stripe.StripeError) -> None:
    log.error(
        "stripe.request_rejected",
        operation=operation,
        error=_find_error_code(error),
        parameter=getattr(error, "param", None),
        status=error.http_status,
        stripe_request=error.request_id,
        action_taken=_action_taken.get(),
    )


def _find_error_code(error: stripe.StripeError) -> str | None:
    # The SDK has the code on some classes of errors only.
    return error.code or getattr(error.error, "code", None)


def _find_missing_permission(error: stripe.StripeError) -> str | None:
    # Only the message names it, for example `rak_customer_write`.
    found = PERMISSION_PATTERN.search(error.user_message or "")
    return found[1] if found else None


async def iter_all_pages(page: stripe.ListObject[StripeObjectT]) -> AsyncIterator[StripeObjectT]:
    while True:
        for thing in page.data:
            yield thing
        if not page.has_more:
            return
        page = await request_stripe(page.next_page_async(), "next_page")


def is_permission_missing(error: stripe.StripeError) -> bool:
    # The key itself is valid.
    return isinstance(error, stripe.PermissionError) or (
        isinstance(error, stripe.AuthenticationError) and _find_missing_permission(error) is not None
    )


def is_no_renewal(error: stripe.InvalidRequestError) -> bool:
    """There is no next invoice to preview (docs.stripe.com/error-codes)."""
    return error.code == "invoice_upcoming_none"


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
