"""Downloading the PDF of an invoice.

Stripe's API has no method for it: the invoice has a link, which leads elsewhere and needs no key, but expires
(docs.stripe.com/invoicing/hosted-invoice-page). It is a bearer secret, so it is not logged.
"""

from collections.abc import Awaitable, Callable

import aiohttp

from bot.billing.gateway import BillingUnavailable
from bot.network import find_proxy

PdfDownload = Callable[[str], Awaitable[bytes]]

DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)
MAX_DOWNLOAD_BYTES = 5_000_000
CHUNK_BYTES = 65_536
PDF_SIGNATURE = b"%PDF-"


async def download_pdf(session: aiohttp.ClientSession, url: str) -> bytes:
    """Raises BillingUnavailable, also for the page that says that a link has expired."""
    try:
        async with session.get(url, timeout=DOWNLOAD_TIMEOUT, proxy=find_proxy(url)) as response:
            if response.status != 200:
                raise BillingUnavailable(why=f"an invoice's PDF: status {response.status}")
            content = await _read_content(response)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise BillingUnavailable(why=f"an invoice's PDF: {type(error).__name__}") from None
    if not content.startswith(PDF_SIGNATURE):
        raise BillingUnavailable(why="an invoice's PDF is not one")
    return content


async def _read_content(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_DOWNLOAD_BYTES:
            raise BillingUnavailable(why="an invoice's PDF is too large")
    return bytes(content)
