"""A real Prometheus with the rules of deploy/. It scrapes every second, and alerts without waiting."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.ports import find_free_port
from tests.time_limits import HANG_SECONDS

PROMETHEUS = shutil.which("prometheus")
RULES = Path(__file__).parents[2] / "deploy/prometheus/rules.yml"
# By alert, its age limit in seconds and a shorter one, so that no test has to wait for minutes.
SHORTER_AGES = {"SeatbotJobStopped": ("300", "20"), "SeatbotSocketModeSilent": ("1200", "20")}


def read_rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return list(group["rules"])


def build_impatient_rules() -> list[dict[str, Any]]:
    rules = [{name: value for name, value in rule.items() if name != "for"} for rule in read_rules()]
    for rule in rules:
        if ages := SHORTER_AGES.get(rule["alert"]):
            assert rule["expr"].endswith(f" > {ages[0]}")
            rule["expr"] = re.sub(r"\d+$", ages[1], rule["expr"])
    return rules


@dataclass(frozen=True)
class Prometheus:
    url: str
    targets_file: Path

    def scrape(self, ports: Sequence[int]) -> None:
        temporary = self.targets_file.with_suffix(".new")
        temporary.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
        temporary.replace(self.targets_file)

    async def wait_until_sampled(self) -> None:
        """Until a target has answered twice: how soon a new one is scraped is up to Prometheus."""
        query = {"query": "count_over_time(up[1m]) >= 2"}
        async with asyncio.timeout(HANG_SECONDS), httpx.AsyncClient() as client:
            url = f"{self.url}/api/v1/query"
            while not (await client.get(url, params=query)).json()["data"]["result"]:  # noqa: ASYNC110 -- there
                await asyncio.sleep(0.2)

    async def list_firing(self) -> set[str]:
        async with httpx.AsyncClient() as client:
            answer = (await client.get(f"{self.url}/api/v1/alerts")).json()
        return {
            alert["labels"]["alertname"] for alert in answer["data"]["alerts"] if alert["state"] == "firing"
        }

    async def wait_until_firing(self, *alerts: str, seconds: float = HANG_SECONDS) -> None:
        missing = {*alerts}
        try:
            async with asyncio.timeout(seconds):
                while missing := {*alerts} - await self.list_firing():  # noqa: ASYNC110 -- in Prometheus
                    await asyncio.sleep(0.5)
        except TimeoutError:
            raise AssertionError(f"not firing: {missing}") from None

    async def wait_until_silent(self, *alerts: str) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            while {*alerts} & await self.list_firing():  # noqa: ASYNC110 -- in Prometheus
                await asyncio.sleep(0.5)


@asynccontextmanager
async def run_prometheus(folder: Path) -> AsyncIterator[Prometheus]:
    assert PROMETHEUS is not None
    port, targets_file = find_free_port(), folder / "targets.json"
    prometheus = Prometheus(f"http://127.0.0.1:{port}", targets_file)
    prometheus.scrape([])
    (folder / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "seatbot", "rules": build_impatient_rules()}]})
    )
    (folder / "prometheus.yml").write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                "rule_files": ["rules.yml"],
                "scrape_configs": [
                    {
                        "job_name": "seatbot",
                        "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}],
                    }
                ],
            }
        )
    )
    process = await asyncio.create_subprocess_exec(
        *(PROMETHEUS, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"),
        cwd=folder,
    )
    try:
        async with asyncio.timeout(HANG_SECONDS), httpx.AsyncClient() as client:
            while not await _is_ready(client, prometheus.url):
                assert process.returncode is None
                await asyncio.sleep(0.1)
        yield prometheus
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/-/ready")).status_code == 200
    except httpx.TransportError:
        return False
