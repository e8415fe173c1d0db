"""A route: which handler answers what a person did, and how it is acknowledged."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bot.blocks.block_kit import View
from handlers.request import Call

Handler = Callable[[Call], Coroutine[Any, Any, View]]


@dataclass(frozen=True)
class Route:
    """`kind` says what is answered when: `command` and `show` are acknowledged first; `change` and
    `submit` change something, and are acknowledged once that is stored; `link` only needs its ack."""

    kind: str
    id: str
    handler: Handler | None = None
