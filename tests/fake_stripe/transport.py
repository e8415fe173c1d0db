"""The SDK's requests to the fake in this process, without a socket: only the order of calls decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.fake_stripe.server import ConnectionCut, FakeStripe

Response = tuple[bytes, int, Mapping[str, str]]


@dataclass(frozen=True)
class EncodedRequest:
    """`text` is the query or the body; `headers` have lower-case names."""

    method: str
    path: str
    text: str
    headers: dict[str, str]

    @property
    def is_charge(self) -> bool:
        return self.path.startswith("/v1/subscriptions/") and "proration_behavior" in self.text


class InProcessTransport(stripe.HTTPClient):
    name = "in-process"

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__()
        self.fake = fake

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> Response:
        parts = urlsplit(url)
        names = {name.lower(): value for name, value in headers.items()}
        text = str(post_data or parts.query)
        return await self.send_request(EncodedRequest(method.upper(), parts.path, text, names))

    async def send_request(self, request: EncodedRequest) -> Response:
        return self.answer_request(request)

    def answer_request(self, request: EncodedRequest, fault: str | None = None) -> Response:
        try:
            response = self.fake.handle_request(
                request.method, request.path, request.text, request.headers, fault
            )
        except ConnectionCut:
            # The SDK's own retries are sent over HTTP only.
            raise stripe.APIConnectionError("no answer", should_retry=False) from None  # type: ignore[no-untyped-call]
        assert not self.fake.violations, "\n".join(self.fake.violations)
        return bytes(response.body), response.status_code, dict(response.headers)

    async def close_async(self) -> None:
        """Nothing is open."""

    async def sleep_async(self, secs: float) -> None:
        """Retries are sent at once."""
