"""The bot as a process whose only way out is a proxy, with certificates of a private authority."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.billing.conftest import KEY, build_stripe_records
from tests.billing.contract import Clock
from tests.chaos.connect_proxy import Certificate, ConnectProxy, run_tls_server
from tests.fake_stripe.server import FakeStripe
from tests.ports import find_free_port
from tests.postgres import database_url
from tests.replicas.processes import APP, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE

pytestmark = pytest.mark.long

# Nothing listens there: only the proxy can map them to a port.
SLACK, STRIPE = "localhost:1", "localhost:2"


@dataclass
class Network:
    slack: Sandbox
    proxy: ConnectProxy
    environment: dict[str, str]

    def count(self, target: str) -> int:
        return self.proxy.tunnels.count(target)


@asynccontextmanager
async def run_network(folder: Path, public_url: str = f"https://{SLACK}") -> AsyncIterator[Network]:
    certificate, port = Certificate.create(folder), find_free_port()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url("accounts", "sqlite"))
        slack = await stack.enter_async_context(
            Sandbox.start(WORKSPACE, port=port, ack_seconds=HANG_SECONDS, public_url=public_url)
        )
        slack.slack.workspace.trigger_seconds = HANG_SECONDS
        stripe = await stack.enter_async_context(FakeStripe(build_stripe_records(Clock()), KEY).run())
        stripe_port = int(stripe.url.rpartition(":")[2])
        routes = {
            SLACK: await stack.enter_async_context(run_tls_server(port, certificate)),
            STRIPE: await stack.enter_async_context(run_tls_server(stripe_port, certificate)),
        }
        proxy = await stack.enter_async_context(ConnectProxy(routes).run())
        environment = build_environment(slack, url, transport="socket", HTTPS_PROXY=proxy.url)
        environment |= {"SSL_CERT_FILE": str(certificate.authority), "STRIPE_API_URL": f"https://{STRIPE}"}
        yield Network(slack, proxy, environment)


async def test_every_call_to_slack_goes_through_the_proxy(tmp_path: Path) -> None:
    """Over Socket Mode: commands, views, messages, the upload of a file, and a reply by its response URL."""
    async with run_network(tmp_path) as net:
        async with run_replicas(1, net.environment, tmp_path) as [bot]:
            alice, guest = net.slack.get_person("U01ALICE"), net.slack.get_person("U11GUEST")
            await net.slack.wait_until(lambda: net.slack.slack.sockets.is_open, timeout=HANG_SECONDS)
            before = net.count(SLACK)
            await guest.command("/add-seats")
            await guest.wait_until(lambda: bool(guest.ephemerals), timeout=HANG_SECONDS)
            assert net.count(SLACK) > before, "a response URL has a connection of its own"
            await alice.command("/add-seats")
            (await alice.wait_for_modal("cart.save", timeout=HANG_SECONDS)).fill("seats:acme_meeting", "1")
            await alice.submit()
            await alice.wait_for_modal("quote.review", timeout=HANG_SECONDS)
            await alice.submit()
            await alice.wait_for_modal("service_order.place", timeout=HANG_SECONDS)
            await alice.submit()
            await alice.wait_until(
                lambda: any(file.complete for file in net.slack.slack.workspace.files.values()),
                timeout=HANG_SECONDS,
            )
            assert bot.list_errors() == []
        assert net.count(SLACK) >= 3
        assert net.count(STRIPE) == 0


async def run_doctor(environment: dict[str, str], folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(APP), "doctor"), cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode()


async def test_stripe_is_called_through_the_proxy(tmp_path: Path) -> None:
    async with run_network(tmp_path) as net:
        stripe = {"BILLING": "stripe", "STRIPE_API_KEY": KEY}
        output = await run_doctor({**net.environment, **stripe}, tmp_path)
        assert "ok    slack" in output, output
        assert "billing: stripe: " not in output, output
        assert net.count(SLACK) > 0
        assert net.count(STRIPE) > 0
        # The authority has to be trusted.
        output = await run_doctor({**net.environment, **stripe, "SSL_CERT_FILE": os.devnull}, tmp_path)
        assert "wrong slack" in output
        assert "wrong billing" in output


async def test_hosts_in_no_proxy_are_called_directly(tmp_path: Path) -> None:
    certificate, port = Certificate.create(tmp_path), find_free_port()
    direct = find_free_port()
    with database_url("accounts", "sqlite") as url:
        async with (
            Sandbox.start(WORKSPACE, port=port, public_url=f"https://localhost:{direct}") as slack,
            FakeStripe(build_stripe_records(Clock()), KEY).run() as stripe,
            run_tls_server(port, certificate, at=direct),
            run_tls_server(int(stripe.url.rpartition(":")[2]), certificate) as stripe_port,
            ConnectProxy({}).run() as proxy,
        ):
            environment = build_environment(slack, url, transport="socket", HTTPS_PROXY=proxy.url)
            environment |= {"SSL_CERT_FILE": str(certificate.authority), "NO_PROXY": "localhost"}
            with_stripe = {
                "BILLING": "stripe",
                "STRIPE_API_KEY": KEY,
                "STRIPE_API_URL": f"https://localhost:{stripe_port}",
            }
            output = await run_doctor({**environment, **with_stripe}, tmp_path)
            assert "ok    slack" in output, output
            assert "billing: stripe: " not in output, output
            async with run_replicas(1, environment, tmp_path):
                await slack.wait_until(lambda: slack.slack.sockets.is_open, timeout=HANG_SECONDS)
                alice = slack.get_person("U01ALICE")
                await alice.command("/billing")
                await alice.wait_for_modal("account.overview", timeout=HANG_SECONDS)
            assert proxy.tunnels == []
