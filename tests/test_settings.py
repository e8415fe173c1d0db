"""A wrong or missing setting is one line, without a stack trace, and no secret is ever printed."""

import asyncio
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.web.async_client import AsyncWebClient
from typer.testing import CliRunner

from bot.cli import cli
from bot.installations.token_check import TokenRejected, check_tokens
from bot.settings import InvalidSettings, Settings, read_settings
from sandbox import Sandbox
from tests.commands import SETTING_NAMES, run_command
from tests.replicas.processes import build_environment, run_replicas
from tests.time_limits import HANG_SECONDS

APP = Path(__file__).parents[1] / "app.py"

# Whatever is set to this must not be printed.
SECRET = secrets.token_hex(16)
MINIMAL = {"SLACK_BOT_TOKEN": f"xoxb-{SECRET}", "SLACK_SIGNING_SECRET": SECRET}

WRONG = {
    "SLACK_API_URL": SECRET,
    "TOKEN_ENCRYPTION_KEYS": SECRET,
    "DATABASE_URL": f"mysql://seatbot:{SECRET}@localhost/seatbot",
    "DATABASE_LISTEN_URL": f"sqlite:///{SECRET}",
    "DATABASE_PREPARED_STATEMENTS": SECRET,
    "DATABASE_STARTUP_OPTIONS": SECRET,
    "PORT": SECRET,
    "BILLING": SECRET,
    "SMTP_URL": f"http://seatbot:{SECRET}@localhost",
    "ACCOUNT_SERVICES_URL": f"ftp://{SECRET}",
    "CORPORATE_PORTAL_URL": f"javascript:{SECRET}",
    "ADMIN_PORTAL_URL": SECRET,
    "QUOTE_VALIDITY_DAYS": "0",
    "MAX_SEATS_PER_LINE": "-1",
    "MAX_SEATS_PER_ORDER": "2.5",
    "LEASE_SECONDS": "0",
    "SOCKET_IDLE_TIMEOUT_SECONDS": "0",
    "SHUTDOWN_DELAY_SECONDS": "-1",
    "LOG_FORMAT": SECRET,
    "SEATBOT_OPERATOR": SECRET * 4,
}


# Each is parsed by a library, whose own words repeat what they are about.
UNREADABLE = [
    ("SMTP_URL", f"smtp://seatbot:{SECRET}/{SECRET}@localhost"),
    ("SMTP_URL", f"smtp://seatbot:25/{SECRET}@localhost"),
    ("SMTP_URL", f"smtp://seatbot:25#{SECRET}@localhost"),
    ("SMTP_URL", f"smtp://seatbot:25?{SECRET}@localhost"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}@localhost:abc"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}@localhost:99999999"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}\u2100@localhost"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}@[{SECRET}]"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}@a..b"),
    ("SMTP_URL", f"smtp://seatbot:{SECRET}@localhost?starttls=yes"),
    ("DATABASE_URL", f"postgresql://seatbot:{SECRET}@localhost:{SECRET}/seatbot"),
    ("DATABASE_URL", f"postgresql://seatbot:{SECRET}@[::1/seatbot"),
    ("DATABASE_URL", f"postgresql://seatbot:{SECRET}@localhost/seatbot?prepare_threshold=0"),
    ("DATABASE_LISTEN_URL", f"postgresql://seatbot:{SECRET}@localhost:{SECRET}/seatbot"),
    ("STRIPE_API_URL", f"https://localhost:{SECRET}"),
    ("SLACK_API_URL", f"https://[{SECRET}]/"),
    ("SLACK_BOT_TOKEN", f"xoxb-1\n{SECRET}"),
    ("SLACK_BOT_TOKEN", f"xoxb-\u00e9{SECRET}"),
    ("SLACK_SIGNING_SECRET", f"{SECRET}\r{SECRET}"),
    ("SLACK_SIGNING_SECRET", f"{SECRET}\udcff"),
    ("HOST", f"{SECRET}..b"),
    ("MAIL_FROM", f"seatbot@acme.example\nBcc: {SECRET}"),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing is set, and no `.env` is near."""
    for name in SETTING_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def sentences(environment: pytest.MonkeyPatch, **values: str) -> list[str]:
    for name, value in values.items():
        environment.setenv(name, value)
    with pytest.raises(InvalidSettings) as wrong:
        read_settings()
    return wrong.value.problems


def test_a_token_and_a_transport_are_the_minimal_settings(environment: pytest.MonkeyPatch) -> None:
    for name, value in MINIMAL.items():
        environment.setenv(name, value)
    assert not read_settings().is_socket_mode
    environment.setenv("SLACK_APP_TOKEN", f"xapp-{SECRET}")
    assert read_settings().is_socket_mode


def test_settings_are_read_from_a_file_too(environment: pytest.MonkeyPatch) -> None:
    lines = [f"{name}={value}" for name, value in {**MINIMAL, "PORT": "3210"}.items()]
    Path(".env").write_text("\n".join(lines), encoding="utf-8")
    assert read_settings().port == 3210


def test_an_empty_setting_is_as_good_as_none(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**MINIMAL, "SLACK_APP_TOKEN": "", "SMTP_URL": "", "PORT": ""}.items():
        environment.setenv(name, value)
    settings = read_settings()
    assert (settings.slack_app_token, settings.smtp_url, settings.port) == (None, None, 3000)


def test_blanks_around_a_value_come_from_pasting_it(environment: pytest.MonkeyPatch) -> None:
    values = {**MINIMAL, "SLACK_CLIENT_SECRET": " \n", "SMTP_URL": "\u00a0", "LOG_FORMAT": " json"}
    for name, value in values.items():
        environment.setenv(name, f" {value}\r\n")
    settings = read_settings()
    assert settings.slack_bot_token is not None
    assert settings.slack_signing_secret is not None
    assert settings.slack_bot_token.get_secret_value() == MINIMAL["SLACK_BOT_TOKEN"]
    assert settings.slack_signing_secret.get_secret_value() == SECRET
    assert (settings.slack_client_secret, settings.smtp_url, settings.log_format) == (None, None, "json")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_in_one_line_that_does_not_repeat_it(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    [sentence] = sentences(environment, **{**MINIMAL, name: WRONG[name]})
    assert sentence.startswith(f"{name} is wrong: ")
    assert "\n" not in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(("name", "value"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_an_invalid_setting_is_named_without_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    [sentence] = sentences(environment, **{**MINIMAL, name: value})
    assert sentence.startswith(f"{name} is wrong: ")
    assert "\n" not in sentence
    assert SECRET not in sentence


def test_a_file_that_is_not_utf_8_is_named(environment: pytest.MonkeyPatch) -> None:
    Path(".env").write_bytes(f"SELLER_NAME=Soci\u00e9t\u00e9\nSLACK_BOT_TOKEN={SECRET}".encode("latin-1"))
    assert sentences(environment) == [".env cannot be read: it is not UTF-8"]


def test_all_invalid_settings_are_named_together(environment: pytest.MonkeyPatch) -> None:
    found = sentences(environment, **{**MINIMAL, **WRONG})
    assert sorted(sentence.split()[0] for sentence in found) == sorted(WRONG)


def test_a_missing_token_is_named(environment: pytest.MonkeyPatch) -> None:
    assert sentences(environment, SLACK_SIGNING_SECRET=SECRET) == ["SLACK_BOT_TOKEN is missing"]


MANY = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": SECRET,
    "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "SLACK_SIGNING_SECRET": SECRET,
}


def test_many_workspaces_need_client_secret_and_keys_instead_of_a_token(
    environment: pytest.MonkeyPatch,
) -> None:
    for name, value in MANY.items():
        environment.setenv(name, value)
    assert read_settings().is_multi_workspace


@pytest.mark.parametrize("missing", ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "TOKEN_ENCRYPTION_KEYS"])
def test_missing_settings_for_many_workspaces_are_named(
    environment: pytest.MonkeyPatch, missing: str
) -> None:
    [sentence] = sentences(environment, **{k: v for k, v in MANY.items() if k != missing})
    assert sentence == f"{missing} is missing: many workspaces need it"


def test_with_many_workspaces_account_services_are_in_one_of_them(environment: pytest.MonkeyPatch) -> None:
    [sentence] = sentences(environment, **MANY, ACCOUNT_SERVICES_CHANNEL="C1")
    assert sentence.startswith("ACCOUNT_SERVICES_TEAM is missing")


def test_one_workspace_or_many_not_both(environment: pytest.MonkeyPatch) -> None:
    [sentence] = sentences(environment, **MANY, SLACK_BOT_TOKEN=f"xoxb-{SECRET}")
    assert "set one of them" in sentence
    assert SECRET not in sentence


def test_a_missing_transport_is_reported_with_both_options(environment: pytest.MonkeyPatch) -> None:
    [sentence] = sentences(environment, SLACK_BOT_TOKEN=f"xoxb-{SECRET}")
    assert "SLACK_APP_TOKEN" in sentence
    assert "SLACK_SIGNING_SECRET" in sentence


def test_stripe_without_its_key_is_refused(environment: pytest.MonkeyPatch) -> None:
    [sentence] = sentences(environment, **MINIMAL, BILLING="stripe")
    assert sentence.startswith("STRIPE_API_KEY is missing")


def test_stripe_needs_a_lease_that_outlasts_a_charge(environment: pytest.MonkeyPatch) -> None:
    """Else another worker would take a charge up while it is under way."""
    short = {"BILLING": "stripe", "STRIPE_API_KEY": SECRET, "LEASE_SECONDS": "59"}
    [sentence] = sentences(environment, **MINIMAL, **short)
    assert sentence.startswith("LEASE_SECONDS is wrong")
    assert SECRET not in sentence


def test_a_number_of_any_length_is_only_wrong(environment: pytest.MonkeyPatch) -> None:
    long = {"BILLING": "stripe", "STRIPE_API_KEY": SECRET, "LEASE_SECONDS": "9" * 5000}
    [sentence] = sentences(environment, **MINIMAL, **long)
    assert sentence.startswith("LEASE_SECONDS is wrong")


def test_settings_hide_their_secrets_when_they_are_printed(environment: pytest.MonkeyPatch) -> None:
    smtp = f"smtp://seatbot:{SECRET}@localhost"
    for name, value in {**MINIMAL, "SMTP_URL": smtp, "STRIPE_API_KEY": SECRET}.items():
        environment.setenv(name, value)
    settings = read_settings()
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


def test_a_new_key_is_one_that_the_settings_take(environment: pytest.MonkeyPatch) -> None:
    made = CliRunner().invoke(cli, ["new-key"])
    for name, value in {
        **MANY,
        "TOKEN_ENCRYPTION_KEYS": f"{made.output.strip()},{MANY['TOKEN_ENCRYPTION_KEYS']}",
    }.items():
        environment.setenv(name, value)
    assert read_settings().token_encryption_keys is not None


def test_keys_are_not_rotated_in_a_database_that_must_be_migrated_first(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**MANY, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}.items():
        environment.setenv(name, value)
    with pytest.raises(SystemExit):
        cli(["rotate-keys"], standalone_mode=False)
    assert "python app.py migrate" in capsys.readouterr().err


# --- what an operator sees


@dataclass(frozen=True)
class Ended:
    code: int
    shown: str

    @property
    def lines(self) -> list[str]:
        return self.shown.splitlines()


async def serve(folder: Path, *command: str, **values: str) -> Ended:
    """`python app.py serve` (or another command), as an operator starts it, until it has given up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(APP), *(command or ("serve",))),
        cwd=folder,
        env=values,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        shown, _ = await asyncio.wait_for(process.communicate(), HANG_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, shown.decode())


async def test_serve_names_every_wrong_setting_and_ends(tmp_path: Path) -> None:
    ended = await run_command(tmp_path, "serve", **{**MINIMAL, **WRONG})
    assert ended.exit_code == 1
    assert sorted(line.split()[0] for line in ended.output.splitlines()) == sorted(WRONG)
    assert SECRET not in ended.output


@pytest.mark.parametrize("command", ["serve", "doctor", "migrate"])
async def test_an_address_that_cannot_be_parsed_is_a_line_and_no_stack_trace(
    tmp_path: Path, command: str
) -> None:
    urls = {name: value for name, value in UNREADABLE if name in ("SMTP_URL", "DATABASE_URL")}
    ended = await run_command(tmp_path, command, **MINIMAL, **urls)
    assert ended.exit_code == 1
    assert sorted(line.split()[0] for line in ended.output.splitlines()) == ["DATABASE_URL", "SMTP_URL"]
    assert SECRET not in ended.output


async def test_a_token_that_slack_refuses_stops_the_start(tmp_path: Path) -> None:
    async with Sandbox.start() as slack:
        ended = await serve(tmp_path, **MINIMAL, SLACK_API_URL=slack.api_url, PORT="0")
    assert ended.code == 1
    [line] = ended.lines
    assert "SLACK_BOT_TOKEN" in line
    assert SECRET not in ended.shown


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("SLACK_APP_TOKEN", f"xapp-{SECRET}"),
        ("SLACK_APP_TOKEN", f"xoxb-{SECRET}"),
        ("SLACK_BOT_TOKEN", f"xapp-{SECRET}"),
    ],
    ids=["another app token", "a bot token as app token", "an app token as bot token"],
)
async def test_a_token_that_opens_nothing_is_rejected_in_socket_mode(name: str, token: str) -> None:
    async with Sandbox.start() as slack:
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, name: token}
        rejected = await check_tokens_of(slack, **tokens)
    assert name in rejected
    assert SECRET not in rejected


async def test_with_many_workspaces_too_the_app_token_is_tried() -> None:
    values = {k: v for k, v in MANY.items() if k != "SLACK_SIGNING_SECRET"}
    async with Sandbox.start() as slack:
        rejected = await check_tokens_of(slack, **values, SLACK_APP_TOKEN=f"xapp-{SECRET}")
    assert "SLACK_APP_TOKEN" in rejected


async def check_tokens_of(slack: Sandbox, **values: str) -> str:
    """What an operator reads."""
    given: dict[str, Any] = {"_env_file": None, **{name.lower(): value for name, value in values.items()}}
    settings = Settings(**given)
    client = AsyncWebClient(token=values.get("SLACK_BOT_TOKEN"), base_url=slack.api_url)
    with pytest.raises(TokenRejected) as rejected:
        await check_tokens(settings, client)
    return str(rejected.value)


async def test_an_unavailable_slack_does_not_prevent_the_start(tmp_path: Path) -> None:
    async with Sandbox.start() as slack:
        for method in ("auth.test", "apps.connections.open"):
            slack.inject_fault("error_503", method, times=1)
        environment = build_environment(slack, f"sqlite:///{tmp_path}/seatbot.db", transport="socket")
        async with run_replicas(1, environment, tmp_path) as [replica]:
            warned = [line for line in replica.read_log() if line["event"] == "slack.unavailable"]
            assert [line["operation"] for line in warned] == ["auth.test", "apps.connections.open"]


@pytest.mark.parametrize(
    "url",
    [f"postgresql://seatbot:{SECRET}@127.0.0.1:9/seatbot", "sqlite:////nowhere/at/all/seatbot.db"],
    ids=["postgresql", "sqlite"],
)
async def test_a_database_out_of_reach_is_a_line_and_no_stack_trace(tmp_path: Path, url: str) -> None:
    ended = await run_command(tmp_path, "migrate", **MINIMAL, DATABASE_URL=url)
    assert ended.exit_code == 1
    assert "Traceback" not in ended.output
    assert "DATABASE_URL" in ended.output
    assert SECRET not in ended.output


async def test_a_demo_whose_port_is_taken_says_so_in_a_line(tmp_path: Path) -> None:
    async with Sandbox.start() as slack:
        port = slack.page_url.rstrip("/").rpartition(":")[2]
        ended = await serve(tmp_path, "demo", "--port", port)
    assert ended.code == 1
    [line] = ended.lines
    assert port in line
    assert "already in use" in line
