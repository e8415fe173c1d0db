"""Which way out of the network: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment.

The libraries differ: slack_sdk knows no NO_PROXY, aiohttp has no WebSocket over HTTPS_PROXY and would read
`.netrc` too, and Stripe's takes no notice of either. So each is told.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

# A WebSocket begins as an HTTP request.
SCHEMES = {"ws": "http", "wss": "https"}


def find_proxy(url: str) -> str | None:
    """The URL of the proxy for calls to this one; none if they go directly."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(SCHEMES.get(parts.scheme, parts.scheme))
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2], proxies):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def find_date(headers: Mapping[str, str]) -> datetime | None:
    """When the response was made, by the server's clock; none if it does not say."""
    values = {name.lower(): value for name, value in headers.items()}
    try:
        return parsedate_to_datetime(values["date"])
    except (KeyError, ValueError):
        return None
