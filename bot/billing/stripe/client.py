"""The one client for Stripe's API, and what its errors mean here."""

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
import stripe
import structlog

from bot.billing.gateway import BillingUnavailable

log = structlog.get_logger()

Answer = TypeVar("Answer")
Thing = TypeVar("Thing", bound=stripe.StripeObject)

# Of one request. With its retries a call ends within half a minute: sooner than a lease does.
TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)
RETRIES = 2

# What says nothing of whether the request took effect; aiohttp's own is an answer that broke off.
SILENCE = (stripe.APIConnectionError, aiohttp.ClientError, TimeoutError, OSError)
REFUSED_KEY = (stripe.AuthenticationError, stripe.PermissionError)


def build_client(key: str, url: str, http: stripe.HTTPClient) -> stripe.StripeClient:
    """The retries of the module do not apply to a client, so they are set here (README of stripe-python,
    "Configuring Automatic Retries")."""
    return stripe.StripeClient(
        key, base_addresses={"api": url.rstrip("/")}, max_network_retries=RETRIES, http_client=http
    )


def http_over(session: aiohttp.ClientSession) -> stripe.HTTPClient:
    return stripe.AIOHTTPClient(timeout=TIMEOUT, session=session)


async def asked(call: Awaitable[Answer]) -> Answer:
    """The answer to what moves no money. Raises BillingUnavailable, and InvalidRequestError for what Stripe
    does not have."""
    try:
        return await call
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 and error.code != "resource_missing":
            raise BillingUnavailable(why="there is no Stripe") from None
        raise
    except REFUSED_KEY as error:
        log.error("stripe refuses the key", status=error.http_status, code=error.code)
        raise BillingUnavailable(why="the key is refused") from None
    except SILENCE as error:
        raise BillingUnavailable(why=f"it cannot be reached ({type(error).__name__})") from None
    except stripe.StripeError as error:
        raise BillingUnavailable(why=f"status {error.http_status}") from None


async def each(page: stripe.ListObject[Thing]) -> AsyncIterator[Thing]:
    """Of this page and of all that follow it."""
    while True:
        for thing in page.data:
            yield thing
        if not page.has_more:
            return
        page = await asked(page.next_page_async())


def is_of_another_period(error: stripe.InvalidRequestError) -> bool:
    """The period ended meanwhile: Stripe prorates from no instant outside the current one."""
    return "proration_date" in (error.param or "")


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def seconds(at: datetime) -> int:
    return int(at.timestamp())
