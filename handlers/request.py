"""One request from Slack, read for a handler: who, what they pressed, and what they typed."""

import time
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.checkout import SAVE as CHECKOUT
from bot.i18n import Localizer
from bot.permissions import SlackIdentity
from bot.services import Services
from models.checkout import CheckoutForm
from models.errors import Refusal

Body = dict[str, Any]

HELP = ("help", "aide", "?")


@dataclass(frozen=True)
class Call:
    services: Services
    client: AsyncWebClient
    body: Body
    person: SlackIdentity
    reader: Localizer = field(default_factory=Localizer)
    started: float = field(default_factory=time.monotonic)
    # It was not let in: that is all there is to say.
    refusal: Refusal | None = None

    @property
    def words(self) -> str:
        """What stands after the command."""
        return words_of(self.body)

    @property
    def view(self) -> View | None:
        """The modal or Home in which something was pressed."""
        return self.body.get("view")

    @property
    def in_modal(self) -> bool:
        return self.view is not None and self.view.get("type") == "modal"

    @property
    def place(self) -> ModalMetadata:
        return (
            ModalMetadata.from_json(self.view.get("private_metadata", ""))
            if self.view and self.in_modal
            else ModalMetadata()
        )

    @property
    def value(self) -> str:
        """The value of the button pressed."""
        actions = self.body.get("actions") or [{}]
        return str(actions[0].get("value") or "")

    @property
    def id_pressed(self) -> int:
        """The value as a row's id; 0, which no row has, where it is none."""
        return int(self.value) if self.value.isdecimal() and len(self.value) < 19 else 0

    @property
    def typed(self) -> dict[str, str]:
        """What stands in each input of the view, by block id; blank where nothing does."""
        values = (self.view or {}).get("state", {}).get("values", {})
        return {block_id: _text(next(iter(block.values()), {})) for block_id, block in values.items()}

    @property
    def response_url(self) -> str | None:
        return response_url_of(self.body)

    def ticked(self, block_id: str) -> list[str]:
        """The values of the boxes that are ticked in that input."""
        values = (self.view or {}).get("state", {}).get("values", {})
        element: Body = next(iter(values.get(block_id, {}).values()), {})
        return [str(option.get("value")) for option in element.get("selected_options") or []]

    @property
    def checkout_typed(self) -> CheckoutForm | None:
        """The checkout's fields, where something was pressed in the checkout."""
        if self.view is None or self.view.get("callback_id") != CHECKOUT:
            return None
        return CheckoutForm(**{name: self.typed.get(name, "") for name in CheckoutForm.model_fields})


def _text(element: dict[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    return str(element.get("value") or chosen.get("value") or "")


def person_of(body: Body, team_id: str, user_id: str, source: str) -> SlackIdentity:
    """The ids of a payload: all that is taken from it."""
    user, channel = body.get("user"), body.get("channel")
    channel_id = channel.get("id") if isinstance(channel, dict) else channel
    return SlackIdentity(
        team_id=team_id,
        user_id=user_id,
        source=f"slack:{source}",
        channel_id=body.get("channel_id") or channel_id,
        home_team_id=user.get("team_id") if isinstance(user, dict) else None,
    )


def words_of(body: Body) -> str:
    return str(body.get("text") or "").strip()


def asks_for_help(body: Body) -> bool:
    return words_of(body).lower() in HELP


def response_url_of(body: Body) -> str | None:
    """Where a private line goes that is shown where something was typed or pressed."""
    others = [entry["response_url"] for entry in body.get("response_urls") or []]
    return body.get("response_url") or next(iter(others), None)


def source_of(body: Body) -> str:
    """The command, button, form or event by its id."""
    if "command" in body:
        return str(body["command"])
    if body.get("actions"):
        return str(body["actions"][0].get("action_id"))
    if "view" in body:
        return str(body["view"].get("callback_id"))
    event = body.get("event")
    return str(event.get("type") if isinstance(event, dict) else body.get("type"))
