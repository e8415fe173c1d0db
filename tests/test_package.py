"""The wheel: what it carries, and a newcomer's path from it to the first order."""

import asyncio
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from bot.cli import cli
from bot.version import VERSION
from sandbox.driver import Sandbox
from tests.time_limits import HANG_SECONDS

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
WORKSPACE = ROOT / "tests/workspace.yml"
PACKAGES = {"bot", "handlers", "models", "scheduler", "demo", "sandbox"}
NO_REGISTRY = ("Failed to fetch", "dns error", "error sending request", "Network connectivity is disabled")

ACCOUNTS_FILE = """\
accounts:
  - id: newco
    name: Newco SA
    slack_team: T01ACME
    currency: EUR
    tax_rate: "0.20"
    time_zone: Europe/Paris
    billing_address: {{line1: 1 rue de la Paix, postal_code: "75002", city: Paris, country: FR}}
    billing_contacts: [{{email: alice@acme.example, name: Alice Martin}}]
    administrators: [{{email: alice@acme.example, name: Alice Martin}}]
    payment_methods: [{{id: pm_newco, brand: visa, last4: "4242", expires: 2049-12, default: true}}]
    subscriptions:
      - {{id: newco_meeting, product: goto-meeting, seats: 5, unit_price: "14.00", period: month,
         period_start: {start}, period_end: {end}}}
"""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def run_or_fail(*command: str | Path) -> str:
    ended = run(*command)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv brings the build backend: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    run_or_fail(UV, "build", "--wheel", "--offline", "--no-cache", "--out-dir", folder, ROOT)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; what it depends on is found where the tests find it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin/python"
    run_or_fail(UV, "pip", "install", "-q", "--offline", "--no-cache", "--no-deps", "--python", python, wheel)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return folder


def read_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"seatbot-{VERSION}.dist-info/METADATA").decode()
    return Parser().parsestr(text)


def normalize(requirement: str) -> str:
    return requirement.replace(" ", "").replace(".runtime", "-runtime")


def list_files(folder: Path) -> set[str]:
    """Of the repository, without what Python writes."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in files}


def test_the_wheel_holds_every_file_of_its_packages_and_nothing_else(wheel: Path) -> None:
    """Templates, texts, the migrations and the demo's files included."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
    info = f"seatbot-{VERSION}.dist-info"
    assert {name.split("/")[0] for name in held} == {*PACKAGES, info}
    assert {name for name in held if not name.startswith(info)} == set().union(
        *(list_files(ROOT / package) for package in PACKAGES)
    )
    for needed in ("bot/receipts/receipt.typ", "bot/i18n/fr.ftl", "models/migrations/script.py.mako"):
        assert needed in held


def test_the_wheel_needs_what_the_project_needs_and_has_its_command(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    metadata = read_metadata(wheel)
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert [normalize(line) for line in needed] == [normalize(line) for line in project["dependencies"]]
    assert {"cjk", "sandbox"} <= {*metadata.get_all("Provides-Extra", [])}
    with zipfile.ZipFile(wheel) as archive:
        scripts = archive.read(f"seatbot-{VERSION}.dist-info/entry_points.txt").decode()
    assert "seatbot = bot.cli:main" in scripts


async def test_a_newcomer_gets_from_the_wheel_to_a_first_order(environment: Path, tmp_path: Path) -> None:
    """As the README says: settings, accounts, `import`, `doctor`, `serve`; then Alice orders a seat."""
    first = datetime.now(UTC).date().replace(day=1)
    end = (first + timedelta(days=32)).replace(day=1)
    (tmp_path / "accounts.yml").write_text(ACCOUNTS_FILE.format(start=first, end=end), "utf-8")
    async with Sandbox.start(WORKSPACE) as slack:
        settings = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "SMTP_URL": slack.smtp_url,
            "MAIL_FROM": "seatbot@acme.example",
            "PORT": "0",
        }
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (tmp_path / ".env").write_text("".join(lines), "utf-8")
        assert "imported 1 accounts" in await run_seatbot(environment, tmp_path, "import", "accounts.yml")
        assert "wrong" not in await run_seatbot(environment, tmp_path, "doctor")
        async with serve(environment, tmp_path):
            await slack.wait_until(lambda: slack.slack.sockets.connections, timeout=HANG_SECONDS)
            await order_a_seat(slack)
            await slack.wait_until(lambda: slack.mail.messages, timeout=HANG_SECONDS)
    [mail] = slack.mail.messages
    assert mail.recipients == ["alice@acme.example"]


async def order_a_seat(slack: Sandbox) -> None:
    alice = slack.get_person("U01ALICE")
    await alice.command("/add-seats", "meeting 1", channel="C07GENERAL")
    for callback_id in ("cart.save", "quote.review", "service_order.place"):
        await alice.wait_for_modal(callback_id, timeout=HANG_SECONDS)
        await alice.submit()
    await alice.wait_for_modal("service_order.show", timeout=HANG_SECONDS)


async def run_seatbot(environment: Path, folder: Path, *command: str) -> str:
    process = await start_seatbot(environment, folder, *command)
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def start_seatbot(environment: Path, folder: Path, *command: str) -> asyncio.subprocess.Process:
    """With nothing of this process' own environment."""
    return await asyncio.create_subprocess_exec(
        environment / "bin/seatbot",
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def serve(environment: Path, folder: Path) -> AsyncIterator[None]:
    process = await start_seatbot(environment, folder, "serve")
    try:
        yield
    finally:
        process.terminate()
        await process.communicate()


@pytest.mark.long
def test_the_wheel_installs_with_its_dependencies_and_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """From the registry, as locked; without the extra, the demo says what to install."""
    venv.create(tmp_path / "environment", symlinks=True)
    install = (UV, "pip", "install", "-q", "--python", tmp_path / "environment/bin/python")
    seatbot = tmp_path / "environment/bin/seatbot"
    ended = run(*install, "-c", ROOT / "requirements-dev.txt", f"seatbot @ {wheel.as_uri()}")
    if any(words in ended.stderr for words in NO_REGISTRY):
        pytest.skip(f"the package registry cannot be reached: {ended.stderr.splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr
    assert run_or_fail(seatbot, "--version") == f"seatbot {VERSION}\n"
    listed = run_or_fail(seatbot, "--help")
    assert all(f" {command.name} " in listed for command in cli.registered_commands)
    refused = run(seatbot, "demo")
    assert refused.returncode == 1
    assert "pip install 'seatbot[sandbox]'" in refused.stderr
    run_or_fail(*install, "-c", ROOT / "requirements-dev.txt", f"seatbot[sandbox] @ {wheel.as_uri()}")
    with subprocess.Popen(
        [seatbot, "demo", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert any("choose who you are" in line for line in demo.stdout)
        demo.terminate()
