"""An independent look at three things only: how requests are encoded, paging, and webhook signatures.

localstripe is a fake by others. It ignores idempotency keys and knows no pending updates: it carries no claim
about money, since it would pass a client that charges twice.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
import stripe
from aiohttp import web

from bot.billing.gateway import WebhookVerificationError
from bot.billing.stripe.charges import update_customer_address
from bot.billing.stripe.client import build_http_client, build_stripe_client, request_stripe
from bot.billing.stripe.customers import LinkedAccount, StripeCustomer, fetch_customer
from bot.billing.stripe.events import StripeWebhookParser
from models.account import Account, Address, ProviderAddress
from tests.time_limits import HANG_SECONDS

# Its own, which it is written with.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Bare functions are deprecated:DeprecationWarning"),
    # Its application belongs to the loop it first ran in.
    pytest.mark.asyncio(loop_scope="module"),
]

SECRET = "whsec_fake"
START = datetime(2026, 11, 3, 10, tzinfo=UTC)
ODD = Address(
    line1="1, rue de l’Été & Cie [bât. A]=?", postal_code="75 002", city="Orléans+", state="", country="FR"
)


@pytest.fixture(scope="module")
def _nothing_on_disk() -> Iterator[None]:
    """Of itself it keeps all in a file of the temporary folder, and reads it back by pickle."""
    from localstripe import resources

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources.Store, "dump_to_disk", lambda store: None)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(_nothing_on_disk: None) -> AsyncIterator[str]:
    """Its application, mounted on this machine alone: its own start listens on every interface."""
    from localstripe.server import app

    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def client(url: str) -> AsyncIterator[stripe.StripeClient]:
    async with aiohttp.ClientSession() as session:
        yield build_stripe_client("sk_test_fake", url, build_http_client(session, url))


async def test_parameters_arrive_as_they_were_sent(client: stripe.StripeClient) -> None:
    made = await client.v1.customers.create_async({"name": "Acme"})
    blank = ProviderAddress(customer_id=made.id, address=None, read_at=START)
    await update_customer_address(client, StripeCustomer(made.id, "EUR", None, blank), ODD)
    account = Account(
        id="acme", name="Acme", slack_team="T1", currency="EUR", home_country="FR", **ODD.model_dump()
    )
    assert (await fetch_customer(client, LinkedAccount(account, made.id), START)).address == ODD


async def test_pages_are_followed_to_the_last(client: stripe.StripeClient) -> None:
    made = [(await client.v1.customers.create_async({"name": f"C{n}"})).id for n in range(23)]
    page = await request_stripe(client.v1.customers.list_async({"limit": 5}), "customers.list")
    found = [customer.id for customer in page.data]
    while page.has_more:
        page = await request_stripe(page.next_page_async(), "next_page")
        found += [customer.id for customer in page.data]
    assert sorted(set(found) & set(made)) == sorted(made)
    assert len(found) == len(set(found))


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, asyncio.Queue[tuple[bytes, str]]]]:
    """An address, and what is posted there: body and signature."""
    received: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        received.put_nowait((await request.read(), request.headers["Stripe-Signature"]))
        return web.Response(headers={"Connection": "close"})

    app = web.Application()
    app.router.add_post("/stripe/webhook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/stripe/webhook", received
    await runner.cleanup()


async def test_the_signatures_of_another_implementation_are_accepted(
    client: stripe.StripeClient, url: str
) -> None:
    mine = StripeWebhookParser(SECRET, lambda: datetime.now(UTC))
    async with listening() as (where, received), aiohttp.ClientSession() as session:
        hook = {"url": where, "secret": SECRET}
        async with session.post(f"{url}/_config/webhooks/bot", json=hook) as answer:
            assert answer.status == 200
        made = await client.v1.customers.create_async({"name": "Zoé"})
        event = None
        while event is None or event.customer_id != made.id:
            # Those of the customers before come too.
            body, signature = await asyncio.wait_for(received.get(), HANG_SECONDS)
            event = mine.parse_event(body, signature)
        assert event.kind == "customer.created"
        with pytest.raises(WebhookVerificationError):
            StripeWebhookParser("whsec_other", lambda: datetime.now(UTC)).parse_event(body, signature)
