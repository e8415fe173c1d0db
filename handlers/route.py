"""A route: which handler responds to what a person did. `handlers/dispatch.py` says when it is
acknowledged."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.blocks.block_kit import View
from handlers.request import SlackRequest

# None if there is no view to show.
Handler = Callable[[SlackRequest], Coroutine[Any, Any, View | None]]


class RouteKind(StrEnum):
    COMMAND = "command"
    SHORTCUT = "shortcut"  # Of the whole workspace: in Slack's search and shortcuts menu.
    SHOW = "show"  # A button that changes nothing.
    CHANGE = "change"  # A button that changes something.
    SUBMIT = "submit"  # A modal's form.
    LINK = "link"  # A button with a URL, which Slack opens by itself.
    EVENT = "event"
    UNINSTALL = "uninstall"  # An event about where the bot is installed, which must not be lost.


@dataclass(frozen=True)
class Route:
    """`id` is the command, the action id, the view's callback id or the event's type."""

    kind: RouteKind
    id: str
    handler: Handler | None = None
