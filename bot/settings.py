"""Settings, read once from the environment or `.env`."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.version import PROGRAM
from models.audit.operator_name import parse_operator_name
from models.cart import SeatLimits
from models.receipt import Seller

ENV_FILE = ".env"

POSTGRESQL_PREFIXES = ("postgresql://", "postgres://")

# The type of an error that concerns several settings; its message names them.
COMBINATION_ERROR = "combination"


class InvalidSettings(Exception):
    """One sentence per problem. None repeats a value, which may be a secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    token_encryption_keys: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///seatbot.db"
    database_listen_url: str | None = None
    database_prepared_statements: bool = True
    database_startup_options: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    billing: Literal["embedded", "stripe"] = "embedded"
    stripe_api_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_api_url: str = "https://api.stripe.com"
    smtp_url: SecretStr | None = None
    mail_from: str = "seatbot@localhost"
    seller_name: str = Field(default="GoTo Corporate Account Services", min_length=1, max_length=200)
    seller_address: str = Field(default="", max_length=500)
    seller_tax_id: str = Field(default="", max_length=100)
    account_services_url: str = "https://support.goto.com/corporate-account-services"
    account_services_channel: str | None = None
    account_services_team: str | None = None
    corporate_portal_url: str = "https://link.logmeininc.com/corp-billing"
    admin_portal_url: str = "https://admin.goto.com/billing/payment-methods"
    quote_validity_days: int = Field(default=30, ge=1, le=365)
    max_seats_per_line: int = Field(default=1000, ge=1, le=1_000_000)
    max_seats_per_order: int = Field(default=2000, ge=1, le=1_000_000)
    message_retention_days: int = Field(default=365, ge=30, le=36_500)
    profile_retention_days: int = Field(default=90, ge=1, le=36_500)
    lease_seconds: int = Field(default=60, ge=3, le=600)
    socket_idle_timeout_seconds: int = Field(default=600, ge=1, le=86_400)
    shutdown_delay_seconds: int = Field(default=5, ge=0, le=300)
    log_format: Literal["json", "console"] = "console"
    seatbot_operator: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _validate_combinations(cls, values: dict[str, Any], validate: Callable[[Any], Self]) -> Self:
        """Checks each setting and all of them together: an `after` validator would not run if a single one is
        wrong. Blanks around a value come from pasting it."""
        values = _strip_values(values)
        problems = [
            InitErrorDetails(
                type=PydanticCustomError(COMBINATION_ERROR, "{problem}", {"problem": problem}), input=None
            )
            for problem in _list_combination_problems(values)
        ]
        try:
            settings = validate(values)
        except ValidationError as error:
            problems = [*map(_copy_error, error.errors()), *problems]
        if problems:
            raise ValidationError.from_exception_data(cls.__name__, problems, hide_input=True)
        return settings

    @field_validator("*", mode="before")
    @classmethod
    def _validate_one_line(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        # Bytes of the environment that are not UTF-8 arrive as surrogates (Cs).
        if isinstance(text, str) and any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
            raise ValueError("must be one line of UTF-8, without control characters")
        return value

    @field_validator(
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "slack_client_id",
        "slack_client_secret",
        "stripe_api_key",
        "stripe_webhook_secret",
    )
    @classmethod
    def _validate_ascii(cls, value: SecretStr | str | None) -> SecretStr | str | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not text.isascii():
            raise ValueError("must hold ASCII characters only")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _add_trailing_slash(cls, url: str) -> str:
        return url if url.endswith("/") else url + "/"

    @field_validator("host")
    @classmethod
    def _validate_host(cls, host: str) -> str:
        try:
            host.encode("idna")
        except UnicodeError:
            raise ValueError("must be an address of this machine, or its name") from None
        return host

    @field_validator("database_url")
    @classmethod
    def _validate_database_url(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", *POSTGRESQL_PREFIXES)):
            raise ValueError("must begin with sqlite:/// or postgresql:// (or postgres://)")
        return _check_database_url(url)

    @field_validator("database_listen_url")
    @classmethod
    def _validate_database_listen_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(POSTGRESQL_PREFIXES):
            raise ValueError("must begin with postgresql:// (or postgres://)")
        return _check_database_url(url)

    @field_validator("seatbot_operator")
    @classmethod
    def _validate_operator(cls, name: str | None) -> str | None:
        return None if name is None else parse_operator_name(name)

    @field_validator("token_encryption_keys")
    @classmethod
    def _validate_encryption_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is None:
            return None
        # Imported here: with a single workspace no cryptography is needed.
        from cryptography.fernet import Fernet

        try:
            for key in keys.get_secret_value().split(","):
                Fernet(key.strip())
        except ValueError:
            raise ValueError(f"must hold keys made by `{PROGRAM} new-key`, comma-separated") from None
        return keys

    @field_validator("smtp_url")
    @classmethod
    def _validate_smtp_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        parts = _parse_url(url.get_secret_value())
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("must begin with smtp:// or smtps:// and name a host")
        # A slash in the password ends the host too early.
        if parts.path.strip("/") or parts.fragment or "@" in parts.query:
            raise ValueError("must end with the host and its port: write / ? # in a password as %2F %3F %23")
        if parts.query not in ("", "starttls=0", "starttls=1"):
            raise ValueError("may end with ?starttls=0 or ?starttls=1, and nothing else")
        return url

    @field_validator(
        "slack_api_url", "stripe_api_url", "account_services_url", "corporate_portal_url", "admin_portal_url"
    )
    @classmethod
    def _validate_web_url(cls, url: str) -> str:
        parts = _parse_url(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must begin with https:// (or http://) and name a host")
        return url

    @property
    def is_multi_workspace(self) -> bool:
        """Whether people install the bot from /slack/install, rather than by SLACK_BOT_TOKEN."""
        return self.slack_client_id is not None

    @property
    def is_socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def lease_duration(self) -> timedelta:
        """How long a worker keeps what it claimed; after that, others may claim it."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def seller(self) -> Seller:
        """The seller as printed on receipts; semicolons separate the lines of the address."""
        lines = (line.strip() for line in self.seller_address.split(";"))
        return Seller(name=self.seller_name, address=tuple(filter(None, lines)), tax_id=self.seller_tax_id)

    @property
    def seat_limits(self) -> SeatLimits:
        return SeatLimits(self.max_seats_per_line, self.max_seats_per_order)


def _strip_values(values: dict[str, Any]) -> dict[str, Any]:
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in stripped.items() if value != ""}


def _check_database_url(url: str) -> str:
    try:
        query = make_url(url).query
    except (ArgumentError, ValueError):
        raise ValueError("cannot be read: is the port a number, and is each bracket closed?") from None
    if "prepare_threshold" in query:
        raise ValueError("has prepare_threshold: set DATABASE_PREPARED_STATEMENTS=false instead")
    return url


def _parse_url(url: str) -> SplitResult:
    """Raises ValueError with a message of our own: the library's repeats the value."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise ValueError(
            "has no host and port that can be read: write : / ? # @ in a password as %3A %2F %3F %23 %40"
        ) from None
    return parts


def _list_combination_problems(values: dict[str, Any]) -> Iterator[str]:
    yield from _list_workspace_problems(values)
    if not values.get("slack_app_token") and not values.get("slack_signing_secret"):
        yield "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) is missing: set one of them"
    if values.get("billing") == "stripe":
        if not values.get("stripe_api_key"):
            yield "STRIPE_API_KEY is missing: BILLING=stripe needs it"
        if re.fullmatch(r"0*[1-5]?\d", str(values.get("lease_seconds", ""))):
            yield "LEASE_SECONDS is wrong: a charge by Stripe may take a minute, so at least 60"


def _list_workspace_problems(values: dict[str, Any]) -> Iterator[str]:
    if not values.get("slack_client_id") and not values.get("slack_client_secret"):
        if not values.get("slack_bot_token"):
            yield "SLACK_BOT_TOKEN is missing"
        return
    if values.get("slack_bot_token"):
        yield "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID for many: set one of them"
        return
    required = ["slack_client_id", "slack_client_secret", "token_encryption_keys"]
    if values.get("account_services_channel"):
        required.append("account_services_team")
    for name in required:
        if not values.get(name):
            yield f"{name.upper()} is missing: many workspaces need it"


def read_settings() -> Settings:
    """Reads this process's settings. Raises InvalidSettings, with everything that is wrong."""
    try:
        return Settings()
    except (UnicodeDecodeError, OSError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else type(error).__name__
        raise InvalidSettings([f".env cannot be read: {why}"]) from None
    except ValidationError as error:
        raise InvalidSettings([_format_error(details) for details in error.errors()]) from None


def list_unknown_names() -> list[str]:
    """Lists names in `.env` that are not settings, each with the setting that was probably meant. What does
    not look like a name is only counted: it may be part of a secret with a line break."""
    known_names = [name.upper() for name in Settings.model_fields]
    unknown_names = [
        name for name in dotenv_values(ENV_FILE, interpolate=False) if name.upper() not in known_names
    ]
    plain_names = [name for name in unknown_names if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", name)]
    labels = [_add_suggestion(name, known_names) for name in plain_names]
    hidden_count = len(unknown_names) - len(plain_names)
    return [*labels, *([f"{hidden_count} that cannot be shown"] if hidden_count else [])]


def _add_suggestion(name: str, known_names: list[str]) -> str:
    matches = get_close_matches(name, known_names, n=1, cutoff=0.8)
    return f"{name} ({matches[0]}?)" if matches else name


def _copy_error(error: ErrorDetails) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError("value_error", "{message}", {"message": error["msg"]}),
        loc=error["loc"],
        input=None,
    )


def _format_error(error: ErrorDetails) -> str:
    if error["type"] == COMBINATION_ERROR:
        return error["msg"]
    message = error["msg"].removeprefix("Value error, ")
    return f"{str(error['loc'][0]).upper()} is wrong: {message}"
