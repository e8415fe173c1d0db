"""The Stripe gateway over HTTP: the claims that every adapter keeps, and what is its own."""

from collections.abc import AsyncIterator

import pytest

from bot.db import Database
from tests.billing.conftest import StripeProvider, stripe_provider
from tests.billing.contract import GatewayClaims


@pytest.fixture
async def provider(database: Database) -> AsyncIterator[StripeProvider]:
    async with stripe_provider(database) as provider:
        yield provider


class TestStripe(GatewayClaims):
    """Over the fake of tests/fake_stripe."""
