"""The files that operators deploy with: each is checked by the tool that reads it, if that is installed."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import yaml
from dotenv import dotenv_values

from bot.settings import Settings
from tests.chaos.connect_proxy import Certificate
from tests.ports import find_free_port
from tests.time_limits import HANG_SECONDS

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
OPERATE_PAGE = (ROOT / "docs/operate.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
SETTING_NAMES = [name.upper() for name in Settings.model_fields]
# In CI, nothing is left unchecked because its tool is missing.
ARE_TOOLS_REQUIRED = os.environ.get("SEATBOT_DEPLOY_TOOLS") == "required"
METRIC_NAME = re.compile(r"\bseatbot_[a-z_]+")
# Where docs/operate.md installs it.
PROGRAM = "/opt/seatbot/bin/seatbot"
# What `systemd-analyze security` calls "OK"; an ordinary service has 96.
MAX_EXPOSURE = "20"


def find_tool(name: str) -> str:
    path = shutil.which(name, path=":".join([str(Path(sys.executable).parent), "/usr/sbin", "/usr/bin"]))
    if path is None:
        assert not ARE_TOOLS_REQUIRED, f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: str, cwd: Path = ROOT) -> None:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


# --- settings


def test_the_example_of_settings_lists_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    assert re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE) == re.findall(r"^\| `([A-Z_]+)` \|", README, re.M)
    listed = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    defaults = {name: Settings.model_fields[name.lower()].default for name in SETTING_NAMES}
    assert listed == {name: "" if value is None else str(value) for name, value in defaults.items()}


def test_the_example_of_settings_can_be_loaded_unchanged() -> None:
    assert dotenv_values(ROOT / ".env.example", interpolate=False) == {"SLACK_BOT_TOKEN": ""}


# --- image


def list_copied_names() -> list[str]:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    sources = re.findall(r"^COPY ([^-].*) \S+$", dockerfile, re.MULTILINE)
    return [name for line in sources for name in line.split()]


def test_hadolint_accepts_the_dockerfile() -> None:
    run(find_tool("hadolint"), "Dockerfile")


def test_the_build_context_holds_what_the_dockerfile_copies_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == set(list_copied_names())


def test_the_copied_files_are_enough_to_run(tmp_path: Path) -> None:
    """The migrations, texts and templates included."""
    for name in list_copied_names():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    ended = subprocess.run(
        [sys.executable, "app.py", "migrate"],
        cwd=tmp_path,
        env={"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "the database is up to date\n"), ended.stderr


async def test_the_health_check_asks_this_process_and_no_proxy() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    [text] = re.findall(r'^    CMD (\["python", .*\])$', dockerfile, re.MULTILINE)
    [_, *arguments] = json.loads(text)
    closed_port = find_free_port()

    async def check(port: int) -> int:
        environment = {
            "PORT": str(port),
            "HTTP_PROXY": "http://127.0.0.1:1",
            "http_proxy": "http://127.0.0.1:1",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env=environment, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait()

    async with Replica(ready=True).run() as replica:
        assert (await check(replica.port), replica.requests) == (0, 1)
    assert await check(closed_port) == 1


# --- compose and systemd


def test_compose_runs_the_bot_with_as_few_rights_as_it_needs() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    bot, postgres = services["seatbot"], services["postgres"]
    assert set(bot["environment"]) <= set(SETTING_NAMES)
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert postgres["healthcheck"]
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert "ports" not in postgres


def test_compose_is_what_the_specification_allows() -> None:
    run(find_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_both_wait_longer_than_a_clean_stop_takes() -> None:
    """docs/operate.md: fifteen seconds and SHUTDOWN_DELAY_SECONDS."""
    clean_stop = 15 + Settings.model_fields["shutdown_delay_seconds"].default
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    unit = (DEPLOY / "seatbot.service").read_text("utf-8")
    [grace] = re.findall(r"stop_grace_period: (\d+)s", compose)
    [timeout] = re.findall(r"TimeoutStopSec=(\d+)", unit)
    assert min(int(grace), int(timeout)) > clean_stop


def test_systemd_accepts_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    analyze = find_tool("systemd-analyze")
    unit = (DEPLOY / "seatbot.service").read_text("utf-8")
    # Only what runs on this machine can be verified.
    here = unit.replace(PROGRAM, sys.executable).replace("After=network-online.target ", "After=")
    path = tmp_path / "seatbot.service"
    path.write_text(here, "utf-8")
    run(analyze, "verify", "--man=no", str(path))
    run(analyze, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", str(path))


def read_service_section() -> dict[str, str]:
    unit = (DEPLOY / "seatbot.service").read_text("utf-8")
    return dict(re.findall(r"^(\w+)=(.*)$", unit.partition("[Service]")[2], re.MULTILINE))


def run_command_script(folder: Path, *arguments: str) -> list[str]:
    """What it gives to systemd-run, which needs a machine that systemd has started."""
    (folder / "bin").mkdir()
    recorder = folder / "bin/systemd-run"
    recorder.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/recorded\n', "utf-8")
    recorder.chmod(0o755)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "SUDO_USER": "ana"}
    subprocess.run([str(DEPLOY / "seatbot.sh"), *arguments], env=environment, check=True)
    return (folder / "recorded").read_text("utf-8").splitlines()


def test_the_script_runs_a_command_as_the_unit_runs_the_service(tmp_path: Path) -> None:
    analyze = find_tool("systemd-analyze")
    given = run_command_script(tmp_path, "close", "acme", "--reason", "It has ended")
    end = given.index("--")
    assert given[end + 1 :] == [PROGRAM, "close", "acme", "--reason", "It has ended"]
    options = given[:end]
    properties = dict(o.removeprefix("--property=").split("=", 1) for o in options if "--property=" in o)
    users = {"User": "uid", "Group": "gid"}
    given_users = {
        name: o.partition("=")[2] for name, option in users.items() for o in options if f"--{option}=" in o
    }
    unit = read_service_section()
    assert unit["ExecStart"] == f"{PROGRAM} serve"
    assert {name: unit.get(name) for name in {**properties, **given_users}} == {**properties, **given_users}
    needed = {"EnvironmentFile", "StateDirectory", "StateDirectoryMode", "WorkingDirectory", "UMask"}
    assert ({*properties}, {*given_users}) == (needed, {*users})
    assert "--setenv=SEATBOT_OPERATOR=ana" in options
    transient = tmp_path / "command.service"
    lines = [f"{name}={value}" for name, value in properties.items()]
    transient.write_text(
        "\n".join(["[Service]", f"ExecStart={sys.executable}", "Type=exec", *lines, ""]), "utf-8"
    )
    run(analyze, "verify", "--man=no", str(transient))


def test_the_page_installs_what_the_unit_and_the_script_name() -> None:
    section = OPERATE_PAGE.partition("\n### With systemd\n")[2].partition("\n## ")[0]
    settings = read_service_section()["EnvironmentFile"]
    assert f"python3 -m venv {Path(PROGRAM).parents[1]}\n" in section
    assert f"install -m 0600 .env {settings}\n" in section
    assert "deploy/seatbot.service /etc/systemd/system/seatbot.service\n" in section
    assert "deploy/seatbot.sh /usr/local/sbin/seatbot\n" in section
    assert "/opt/seatbot/.venv" not in OPERATE_PAGE


# --- Prometheus and Grafana


def read_rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


def test_the_rules_are_the_alerts_of_the_page() -> None:
    rows = re.findall(r"^\| `(Seatbot\w+)` \| `(.*?)`(?: for (\d+) min)? \|", OPERATE_PAGE, re.MULTILINE)
    on_page = [
        (name, expr.replace(r"\|", "|"), f"{minutes}m" if minutes else None) for name, expr, minutes in rows
    ]
    assert [(rule["alert"], rule["expr"], rule.get("for")) for rule in read_rules()] == on_page
    assert {rule["labels"]["severity"] for rule in read_rules()} == {"critical", "warning"}


def test_each_alert_leads_to_its_section_of_the_runbook() -> None:
    runbook = OPERATE_PAGE.partition("\n## Runbook\n")[2].partition("\n## ")[0]
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", runbook, re.MULTILINE | re.DOTALL))
    rules = read_rules()
    assert [*sections] == [rule["alert"] for rule in rules]
    for rule in rules:
        assert rule["annotations"]["runbook_url"] == f"docs/operate.md#{rule['alert'].lower()}"
        parts = re.findall(r"^\*\*(.*?)\.\*\* ?(\S?)", sections[rule["alert"]], re.MULTILINE)
        assert [name for name, _ in parts] == ["Means", "People notice", "Do"], rule["alert"]
        assert re.search(r"\*\*Do\.\*\*\n1\. ", sections[rule["alert"]]), rule["alert"]


def test_prometheus_accepts_the_rules_and_they_fire() -> None:
    promtool = find_tool("promtool")
    run(promtool, "check", "rules", str(DEPLOY / "prometheus/rules.yml"))
    run(promtool, "test", "rules", str(ROOT / "tests/prometheus_rules_test.yml"))


def test_the_dashboard_shows_metrics_that_are_there_in_panels_that_do_not_overlap() -> None:
    board = json.loads((DEPLOY / "grafana/dashboard.json").read_text("utf-8"))
    panels = board["panels"]
    named = {
        name for panel in panels for t in panel.get("targets", ()) for name in METRIC_NAME.findall(t["expr"])
    }
    documented = set(METRIC_NAME.findall(OPERATE_PAGE))
    assert {re.sub("_(bucket|count)$", "", name) for name in named} <= documented
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_grafana_knows_every_field_of_the_dashboard() -> None:
    """Its own types read it and write it again: what they do not know is gone then."""
    if not ARE_TOOLS_REQUIRED:
        pytest.importorskip("grafana_foundation_sdk")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    text = (DEPLOY / "grafana/dashboard.json").read_text("utf-8")
    for replaced, unknown in (("", ""), ('"gridPos"', '"gridPosition"'), ('"expr"', '"expression"')):
        board = json.loads(text.replace(replaced, unknown) if replaced else text)
        read = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
        assert is_contained(board, read) is not bool(replaced), unknown


def is_contained(value: Any, other: Any) -> bool:
    """`other` may have more fields: defaults."""
    if isinstance(value, dict) and isinstance(other, dict):
        return all(name in other and is_contained(part, other[name]) for name, part in value.items())
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(is_contained, value, other))
    return bool(value == other)


# --- HAProxy


class Replica:
    """Answers /readyz as told, and everything else with 200."""

    def __init__(self, *, ready: bool) -> None:
        self.ready = ready
        self.checks = 0
        self.requests = 0
        self.port = 0

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Self]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            is_check = b"/readyz" in await reader.readuntil(b"\r\n\r\n")
            self.checks += is_check
            self.requests += not is_check
            status = b"503 Service Unavailable" if is_check and not self.ready else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def run_haproxy(folder: Path, *replicas: Replica, bind_options: str = "") -> AsyncIterator[str]:
    """With the example's configuration, its checks more frequent, in front of these; its address."""
    configuration = (DEPLOY / "haproxy.cfg").read_text("utf-8")
    (folder / "haproxy.cfg").write_text(configuration.replace("inter 2s", "inter 100ms"), "utf-8")
    address = f"127.0.0.1:{find_free_port()}"
    servers = {f"SEATBOT_{number}": f"127.0.0.1:{r.port}" for number, r in enumerate(replicas, 1)}
    process = await asyncio.create_subprocess_exec(
        *(find_tool("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")),
        env={"SEATBOT_BIND": f"{address} {bind_options}".strip(), **servers},
    )
    try:
        async with asyncio.timeout(HANG_SECONDS):
            # Two failed checks take a server out.
            while not (await accepts(address) and all(replica.checks > 3 for replica in replicas)):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield address
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def accepts(address: str) -> bool:
    host, port = address.split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


@pytest.mark.parametrize("ready", [True, False])
async def test_haproxy_passes_requests_on_even_if_no_replica_is_ready(tmp_path: Path, ready: bool) -> None:
    async with (
        Replica(ready=ready).run() as first,
        Replica(ready=ready).run() as second,
        run_haproxy(tmp_path, first, second) as address,
        httpx.AsyncClient(timeout=HANG_SECONDS, base_url=f"http://{address}") as client,
    ):
        assert (await client.post("/slack/events")).status_code == 200
        assert (await client.get("/metrics")).status_code == 404
        assert (await client.get("/slack/install")).status_code == 200


async def test_haproxy_speaks_tls_with_the_certificates_of_a_folder(tmp_path: Path) -> None:
    """The example's `SEATBOT_BIND`, whose words become words of `bind`."""
    certificate = Certificate.create(tmp_path)
    folder = tmp_path / "certs"
    folder.mkdir()
    certificate.chain.rename(folder / "seatbot.pem")
    trusted = ssl.create_default_context(cafile=str(certificate.authority))
    async with (
        Replica(ready=True).run() as first,
        Replica(ready=True).run() as second,
        run_haproxy(tmp_path, first, second, bind_options=f"ssl crt {folder}/") as address,
        httpx.AsyncClient(timeout=HANG_SECONDS, verify=trusted) as client,
    ):
        assert (await client.get(f"https://{address}/slack/install")).status_code == 200
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://{address}/slack/install")


async def test_haproxy_sends_requests_to_the_replica_that_is_ready(tmp_path: Path) -> None:
    async with (
        Replica(ready=True).run() as ready,
        Replica(ready=False).run() as unready,
        run_haproxy(tmp_path, ready, unready) as address,
        httpx.AsyncClient(timeout=HANG_SECONDS, base_url=f"http://{address}") as client,
    ):
        before = ready.requests, unready.requests
        for _ in range(6):
            assert (await client.post("/slack/events")).status_code == 200
        assert (ready.requests - before[0], unready.requests - before[1]) == (6, 0)
