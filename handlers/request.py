"""A request from Slack as a handler reads it: who acted, on what, and what they typed."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from uuid import uuid4

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.block_kit import ModalMetadata
from bot.blocks.checkout import SAVE as CHECKOUT_VIEW
from bot.dependencies import Dependencies
from bot.i18n import Localizer, unescape_mrkdwn
from bot.installations.clients import SlackClientProvider
from bot.permissions import SlackIdentity
from handlers.payloads import (
    BlockActions,
    EventCallback,
    GlobalShortcut,
    Payload,
    SlashCommand,
    StateValue,
    View,
    ViewSubmission,
)
from models.checkout import CheckoutForm
from models.errors import Refusal

HELP_SUBCOMMANDS = ("help", "aide", "?")
ROW_ID_MAX_DIGITS = 18
VIEW_ID_PREFIX = "view:"


class AppNotInstalled(Refusal):
    """The workspace has removed the bot, or has no usable token for it."""

    key = "not-installed"


@dataclass(frozen=True)
class SlackRequest:
    dependencies: Dependencies
    clients: SlackClientProvider
    payload: Payload
    person: SlackIdentity
    # English until the person's own language has been loaded.
    localizer: Localizer = field(default_factory=Localizer)
    # `time.monotonic()` when the request came in.
    started: float = field(default_factory=time.monotonic)
    # Why what Slack said of the person could not be stored.
    refresh_error: Exception | None = None
    # Why the handler must not run.
    refusal: Refusal | None = None
    # Of the views that it shows, unless they have another.
    external_id: str = field(default_factory=lambda: f"{VIEW_ID_PREFIX}{uuid4().hex}")

    @property
    def route_id(self) -> str:
        return self.payload.route_id

    @property
    def command_text(self) -> str:
        """The text as it was typed: Slack sends it escaped."""
        return unescape_mrkdwn(self.payload.text).strip() if isinstance(self.payload, SlashCommand) else ""

    @property
    def is_help(self) -> bool:
        return self.command_text.lower() in HELP_SUBCOMMANDS

    @property
    def view(self) -> View | None:
        return self.payload.view if isinstance(self.payload, BlockActions | ViewSubmission) else None

    @property
    def in_modal(self) -> bool:
        return self.view is not None and (
            isinstance(self.payload, ViewSubmission) or self.view.type == "modal"
        )

    @cached_property
    def metadata(self) -> ModalMetadata:
        if self.view is None or not self.in_modal:
            return ModalMetadata()
        return ModalMetadata.from_json(self.view.private_metadata or "")

    @property
    def action_value(self) -> str:
        return (self.payload.actions[0].value or "") if isinstance(self.payload, BlockActions) else ""

    @property
    def action_row_id(self) -> int:
        """The value as a row's id; 0, which no row has, if it is not a number."""
        value = self.action_value
        return int(value) if value.isdecimal() and len(value) <= ROW_ID_MAX_DIGITS else 0

    @cached_property
    def input_values(self) -> dict[str, str]:
        """The text, date, person or selected option of each input of the view, by block id; else blank."""
        return {block_id: _get_value(state) for block_id, state in self._input_states.items()}

    def get_selected_values(self, block_id: str) -> list[str]:
        state = self._input_states.get(block_id, StateValue())
        return [option.value for option in state.selected_options or []]

    @property
    def checkout_form(self) -> CheckoutForm | None:
        if self.view is None or self.view.callback_id != CHECKOUT_VIEW:
            return None
        typed = {name: text for name, text in self.input_values.items() if name in CheckoutForm.model_fields}
        return CheckoutForm(**typed)

    @property
    def opened_tab(self) -> str | None:
        return self.payload.event.tab if isinstance(self.payload, EventCallback) else None

    async def get_client(self) -> AsyncWebClient:
        return await self.clients.get_client(self.person.team_id)

    @property
    def _input_states(self) -> dict[str, StateValue]:
        values = self.view.state.values if self.view else {}
        return {block_id: next(iter(states.values()), StateValue()) for block_id, states in values.items()}


def _get_value(state: StateValue) -> str:
    option = state.selected_option.value if state.selected_option else ""
    return state.value or state.selected_date or state.selected_user or option


def identify_person(payload: Payload, context: AsyncBoltContext) -> SlackIdentity:
    """Reads only ids from the payload. An organisation-wide installation is identified by its organisation,
    because a payload may have no workspace (R29)."""
    user = payload.user if isinstance(payload, BlockActions | ViewSubmission | GlobalShortcut) else None
    installed_in = context.enterprise_id if context.is_enterprise_install else context.team_id
    return SlackIdentity(
        team_id=installed_in or context.team_id or context.enterprise_id or "",
        user_id=context.user_id or "",
        source=f"slack:{payload.route_id}",
        channel_id=context.channel_id,
        home_team_id=user.team_id if user else None,
        workspace_id=context.team_id,
    )
