"""Which database and transport a test runs on.

Most tests run on SQLite over HTTP. Those marked `both_databases`, whose outcome depends on the database or
the transport (locks, claims, races, redelivery, crashes, outages), run on PostgreSQL over Socket Mode, and in
`make test-long` on SQLite over HTTP too. With SEATBOT_TEST_DATABASE all tests run on that database only.
"""

import os
from dataclasses import dataclass
from typing import Any, Literal

import pytest

Kind = Literal["sqlite", "postgresql"]
Transport = Literal["http", "socket"]


@dataclass(frozen=True)
class Variant:
    database: Kind
    transport: Transport

    def __str__(self) -> str:
        return f"{self.database}-{self.transport}"


SQLITE = Variant("sqlite", "http")
POSTGRESQL = Variant("postgresql", "socket")
BY_DATABASE: dict[str, Variant] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}

both_databases = pytest.mark.both_databases
only_postgresql = pytest.mark.only_on("postgresql")
# SQLite's own behaviour, or the test chooses its database itself.
only_sqlite = pytest.mark.only_on("sqlite")

_required = BY_DATABASE.get(os.environ.get("SEATBOT_TEST_DATABASE", ""))
_current = _required or SQLITE


def get_variant() -> Variant:
    return _current


def set_variant(variant: Variant) -> None:
    global _current  # noqa: PLW0603 -- a context variable would not reach the loops of other scopes
    _current = variant


def list_variants(item: pytest.Function) -> list[Variant]:
    """Those that the test runs on, by its marks; all but the first only in `make test-long`."""
    only_on = item.get_closest_marker("only_on")
    if only_on:
        variants = [BY_DATABASE[only_on.args[0]]]
    elif item.get_closest_marker("both_databases"):
        variants = [POSTGRESQL, SQLITE]
    else:
        variants = [_required or SQLITE]
    return [variant for variant in variants if _required in (None, variant)]


def leave_to_long(*cases: object) -> list[Any]:
    """Cases of a test that differ little from one that `make test` runs."""
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*each, marks=pytest.mark.long) for each in values]
