"""Logs: lines of fields, as JSON or for a console, with every secret masked."""

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

# Slack's tokens, Stripe's keys, a password in an address.
SHAPES = re.compile(
    r"\bx(?:ox[a-z]|app)(?:\.xox[a-z])?-[\w.-]+|\b(?:sk|rk|whsec)_\w{6,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)
MASK = "•••"
# Whatever is shorter stands in too many other words.
SHORTEST_SECRET = 6


def begin(**about: str) -> None:
    """All that is logged from here on, by this task and by those it starts, carries an id and what it is
    about."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=secrets.token_hex(4), **about)


def reference() -> str:
    """The id; one of its own for what went wrong before there was any."""
    return str(structlog.contextvars.get_contextvars().get("request") or secrets.token_hex(4))


def set_up_logs(settings: Settings, to: TextIO | None = None) -> None:
    """Slack's libraries stay at ERROR: below, they print requests and answers whole, and their signature
    check prints the body it refused."""
    stream = to or sys.stdout
    json = settings.log_format == "json"
    draw: Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Plain tracebacks: others show variables, and so secrets.
        structlog.processors.format_exc_info,
        masking(settings),
    ]
    structlog.configure(processors=[*shared, draw], logger_factory=structlog.PrintLoggerFactory(stream))
    _set_up_libraries(stream, shared, draw)


def _set_up_libraries(stream: TextIO, shared: list[Processor], draw: Processor) -> None:
    handler = logging.StreamHandler(stream)
    without_record = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[without_record, draw])
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("alembic", "apscheduler", "slack_bolt", "slack_sdk", "stripe", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)


def masking(settings: Settings) -> Processor:
    """Takes the secrets of the settings, and whatever looks like one, out of every field."""
    hidden = [
        value.get_secret_value()
        for name in Settings.model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
    ]
    # TOKEN_KEYS may hold several.
    parts = [part.strip() for secret in hidden for part in (secret, *secret.split(","))]
    known = [re.escape(part) for part in parts if len(part) >= SHORTEST_SECRET]
    pattern = re.compile("|".join([*known, SHAPES.pattern]))

    def mask(_: Any, __: str, fields: EventDict) -> EventDict:
        # An underscore begins what structlog itself carries along.
        return {k: v if k.startswith("_") else _masked(v, pattern.sub) for k, v in fields.items()}

    return mask


def _masked(value: Any, sub: Callable[[str, str], str]) -> Any:
    match value:
        case str():
            return sub(MASK, value)
        case dict():
            return {key: _masked(inner, sub) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner, sub) for inner in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return sub(MASK, str(value))
