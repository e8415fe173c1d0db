"""Which way out of the network: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment.

The libraries differ: slack_sdk knows no NO_PROXY, aiohttp has no WebSocket over HTTPS_PROXY and would read
`.netrc` too, and Stripe's takes no notice of either. So each is told.
"""

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
