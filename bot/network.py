"""Which proxy a call uses: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment.

The libraries differ: slack_sdk knows no NO_PROXY, aiohttp has no WebSocket over HTTPS_PROXY and would read
`.netrc` too, and Stripe's ignores both. So each is configured explicitly.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies_environment

# A WebSocket begins as an HTTP request.
SCHEMES = {"ws": "http", "wss": "https"}
DEFAULT_PORTS = {"http": 80, "https": 443}


def find_proxy(url: str) -> str | None:
    """Returns the URL of the proxy for calls to `url`; None if they go directly."""
    parts, proxies = urlsplit(url), getproxies_environment()
    scheme = SCHEMES.get(parts.scheme, parts.scheme)
    proxy = proxies.get(scheme)
    if not proxy or _is_direct(parts, parts.port or DEFAULT_PORTS.get(scheme, 0), proxies):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_direct(parts: SplitResult, port: int, proxies: dict[str, str]) -> bool:
    """Applies NO_PROXY: hosts and their subdomains, addresses and networks, each with or without a port."""
    host = (parts.hostname or "").lower()
    entries = [entry.strip().lstrip(".").lower() for entry in proxies.get("no", "").split(",")]
    return "*" in entries or any(_contains(entry, host, port) for entry in entries if entry)


def _contains(entry: str, host: str, port: int) -> bool:
    # Networks such as `10.0.0.0/8` and ports as in `[::1]:8443`.
    network, _, entry_port = entry.rpartition(":") if _has_port(entry) else (entry, "", "")
    if entry_port not in ("", str(port)):
        return False
    if host == network or host.endswith(f".{network}"):
        return True
    try:
        return ip_address(host) in ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _has_port(entry: str) -> bool:
    # An IPv6 address with a port is in brackets.
    return "]:" in entry or entry.count(":") == 1


def find_date(headers: Mapping[str, str]) -> datetime | None:
    """Returns when the response was made, by the server's clock; None if it does not say."""
    values = {name.lower(): value for name, value in headers.items()}
    try:
        return parsedate_to_datetime(values["date"])
    except (KeyError, ValueError):
        return None
