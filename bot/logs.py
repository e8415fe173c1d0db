"""Structured logs, as JSON or for a console, with every secret masked."""

import contextlib
import logging
import re
import secrets
import sys
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor

from bot.settings import Settings

# Slack's tokens, Stripe's keys, a password in a URL, the ticket in that of a WebSocket.
SECRET_PATTERN = re.compile(
    r"\bx(?:ox[a-z]|app)(?:\.xox[a-z])?-[\w.-]+|\b(?:sk|rk|whsec)_\w{6,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?<=[?&]ticket=)[\w-]+"
)
MASK = "•••"
# A shorter one would be masked inside ordinary words, too.
MIN_SECRET_LENGTH = 6


def start_request_logs(**fields: str) -> None:
    """Adds `request_id` and these fields to every line that this task and those it starts will log."""
    _start_log_context(request_id=secrets.token_hex(4), **fields)


def start_job_logs(job_id: str) -> None:
    _start_log_context(run_id=secrets.token_hex(4), job=job_id)


def _start_log_context(**fields: str) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**fields)


def get_request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id") or secrets.token_hex(4))


def configure_logging(settings: Settings, output: TextIO | None = None) -> None:
    # Libraries log errors only: below that level, Slack's log whole requests and responses, and the body of
    # each request with a wrong signature.
    stream = output or sys.stdout
    json = settings.log_format == "json"
    renderer: Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Plain tracebacks: richer ones show local variables, and so secrets.
        structlog.processors.format_exc_info,
        build_secret_masker(settings),
    ]
    structlog.configure(processors=[*shared, renderer], logger_factory=lambda *_: LineLogger(stream))
    _configure_library_logging(stream, shared, renderer)


def _configure_library_logging(stream: TextIO, shared: list[Processor], renderer: Processor) -> None:
    handler = logging.StreamHandler(stream)
    remove_metadata = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_metadata, renderer])
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("alembic", "apscheduler", "slack_bolt", "slack_sdk", "stripe", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)


class LineLogger(structlog.PrintLogger):
    """Drops what can't be written, because its disk is full or its reader is gone: nothing else may fail for
    a line of the log."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


def build_secret_masker(settings: Settings) -> Processor:
    """Masks the settings' secrets, and whatever looks like a secret, in every field."""
    secret_values = [
        value.get_secret_value()
        for name in Settings.model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
    ]
    # TOKEN_ENCRYPTION_KEYS may hold several.
    parts = [part.strip() for secret in secret_values for part in (secret, *secret.split(","))]
    secret_patterns = [re.escape(part) for part in parts if len(part) >= MIN_SECRET_LENGTH]
    pattern = re.compile("|".join([*secret_patterns, SECRET_PATTERN.pattern]))

    def mask_secrets(_: Any, __: str, fields: EventDict) -> EventDict:
        # Fields that begin with an underscore are structlog's own.
        return {k: v if k.startswith("_") else _mask_value(v, pattern.sub) for k, v in fields.items()}

    return mask_secrets


def _mask_value(value: Any, substitute: Callable[[str, str], str]) -> Any:
    match value:
        case str():
            return substitute(MASK, value)
        case dict():
            return {key: _mask_value(inner, substitute) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_mask_value(inner, substitute) for inner in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return substitute(MASK, str(value))
