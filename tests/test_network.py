"""Which proxy a call takes, by the environment."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from bot.billing.stripe.client import build_http_client
from bot.billing.stripe.invoice_pdf import PDF_SIGNATURE, download_pdf
from bot.installations.clients import InstrumentedClient
from bot.network import find_proxy
from tests.chaos.connect_proxy import HOST, Certificate, ConnectProxy, run_tls_server

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://slack.com/api/", None),
        ({"HTTPS_PROXY": PROXY}, "https://slack.com/api/", PROXY),
        ({"https_proxy": "proxy.example:3128"}, "https://slack.com/api/", PROXY),
        ({"HTTPS_PROXY": "http://me:secret@proxy.example"}, "https://a.b", "http://me:secret@proxy.example"),
        ({"HTTPS_PROXY": PROXY}, "wss://wss-primary.slack.com/link/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://127.0.0.1:8100/api/", None),
        ({"HTTP_PROXY": PROXY}, "https://slack.com/api/", None),
        ({"HTTP_PROXY": PROXY}, "ws://10.0.0.1/link/", PROXY),
        ({"HTTPS_PROXY": ""}, "https://slack.com/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "slack.com"}, "https://slack.com/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": ".slack.com,other"}, "https://hooks.slack.com/x", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "slack.com"}, "https://api.stripe.com", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.1:8443"}, "https://10.0.0.1:8443/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "slack.com:443"}, "https://slack.com/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "slack.com:8443"}, "https://slack.com/api/", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8, slack.com"}, "https://10.20.30.40:8443/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, "https://11.0.0.1/api/", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8:8443"}, "https://10.0.0.1/api/", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "fd00::/8"}, "https://[fd00::1]:8443/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "::1"}, "https://[::1]:8443/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "[::1]:8443"}, "https://[::1]:8443/api/", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "[::1]:8443"}, "https://[::1]/api/", PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, "https://ten.example/api/", PROXY),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "*"}, "https://slack.com/api/", None),
    ],
)
def test_the_proxy_of_a_url(
    variables: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(url) == proxy


async def test_the_libraries_own_reading_of_the_environment_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert InstrumentedClient(token="xoxb-1").proxy == PROXY
    monkeypatch.setenv("NO_PROXY", "slack.com")
    assert InstrumentedClient(token="xoxb-1").proxy is None
    async with aiohttp.ClientSession() as session:
        assert build_http_client(session, "https://api.stripe.com").name == "aiohttp"


async def test_an_invoices_pdf_is_downloaded_through_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate.create(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate.authority)

    async def serve_pdf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n" + PDF_SIGNATURE)
        writer.close()

    async with (
        await asyncio.start_server(serve_pdf, HOST, 0) as files,
        run_tls_server(files.sockets[0].getsockname()[1], certificate) as port,
        ConnectProxy({"localhost:1": port}).run() as proxy,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as session,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        # Nothing listens there but behind the proxy.
        assert await download_pdf(session, "https://localhost:1/invoice.pdf") == PDF_SIGNATURE
        assert proxy.tunnels == ["localhost:1"]
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert await download_pdf(session, f"https://localhost:{port}/invoice.pdf") == PDF_SIGNATURE
        assert proxy.tunnels == ["localhost:1"]
