"""Slack's payloads, as far as the bot and Bolt read them, named like Slack's types.

Fields that are not read may be missing, of any type, or new. Null is the same as a missing field.
"""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

Body = dict[str, Any]

# Nobody types a NUL character, and PostgreSQL cannot store one.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=255)]
OptionalId = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=255)] | None
Url = Annotated[str, Field(pattern=r"^https?://[^\x00]+$")]
Number = Annotated[str, Field(pattern=r"^-?[0-9]{1,18}$")]


# Bolt raises these before our middleware runs: the body is not JSON or not an object, an id has another type,
# or there is no action.
BOLT_PARSE_ERRORS = (AttributeError, LookupError, TypeError, ValueError, RecursionError)


class UnreadablePayload(ValueError):
    """Says what is wrong and where, but not what was there."""

    def __init__(self, payload_type: str, error: str, location: str) -> None:
        super().__init__(f"{payload_type}: {error} at {location}")
        self.payload_type, self.error, self.location = payload_type, error, location


class Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class IdObject(Fields):
    id: OptionalId = None


class User(Fields):
    id: Id
    team_id: OptionalId = None


class Authorization(Fields):
    team_id: OptionalId = None
    enterprise_id: OptionalId = None


class Payload(Fields):
    """The fields from which Bolt builds its context."""

    type: Text | None = None
    team_id: OptionalId = None
    enterprise_id: OptionalId = None
    team: OptionalId | IdObject = None
    enterprise: OptionalId | IdObject = None
    channel: OptionalId | IdObject = None
    authorizations: list[Authorization] | None = None
    trigger_id: Text | None = None

    @property
    def route_id(self) -> str:
        return str(self.type)

    @property
    def private_reply_url(self) -> str | None:
        """A URL for posting a message that only the person sees, in the place where they acted."""
        return None


class SlashCommand(Payload):
    command: Annotated[Id, Field(pattern=r"^/[^\x00]+$")]
    text: Text | None = None
    team_id: Id
    user_id: Id
    channel_id: OptionalId = None
    response_url: Url | None = None

    @property
    def route_id(self) -> str:
        return self.command

    @property
    def private_reply_url(self) -> str | None:
        return self.response_url


class Option(Fields):
    value: Text


class StateValue(Fields):
    value: Text | None = None
    selected_option: Option | None = None
    selected_options: list[Option] | None = None


class ViewState(Fields):
    values: dict[Text, dict[Text, StateValue]] | None = None


class InputElement(Fields):
    type: Text
    action_id: Text
    min_value: Number | None = None
    max_value: Number | None = None


class InputBlock(Fields):
    block_id: Text
    element: InputElement


class OtherBlock(Fields):
    block_id: Text | None = None


def _get_block_tag(block: Any) -> str:
    return "input" if isinstance(block, dict) and block.get("type") == "input" else "other"


Block = Annotated[
    Annotated[InputBlock, Tag("input")] | Annotated[OtherBlock, Tag("other")], Discriminator(_get_block_tag)
]


class View(Fields):
    id: Id
    type: Text
    callback_id: Text = ""
    private_metadata: Text | None = None
    blocks: list[Block] | None = None
    state: ViewState | None = None
    app_installed_team_id: OptionalId = None


class Action(Fields):
    action_id: Id
    block_id: Text | None = None
    value: Text | None = None


class BlockActions(Payload):
    user: User
    actions: Annotated[list[Action], Field(min_length=1)]
    view: View | None = None
    response_url: Url | None = None

    @property
    def route_id(self) -> str:
        return self.actions[0].action_id

    @property
    def private_reply_url(self) -> str | None:
        return self.response_url


class ResponseUrl(Fields):
    response_url: Url


class ViewSubmission(Payload):
    user: User
    view: View
    response_urls: list[ResponseUrl] | None = None

    @property
    def route_id(self) -> str:
        return self.view.callback_id

    @property
    def private_reply_url(self) -> str | None:
        return self.response_urls[0].response_url if self.response_urls else None


class RevokedTokens(Fields):
    bot: list[Id] | None = None


class Event(Payload):
    type: Id
    user: OptionalId | IdObject = None
    tab: Text | None = None
    tokens: RevokedTokens | None = None


class EventCallback(Payload):
    event: Event

    @property
    def route_id(self) -> str:
        return self.event.type


class UrlVerification(Payload):
    challenge: Text


class OtherPayload(Payload):
    """A type for which the bot has no route; Bolt reports it."""

    type: Text


TYPES: dict[str, type[Payload]] = {
    "block_actions": BlockActions,
    "view_submission": ViewSubmission,
    "event_callback": EventCallback,
    "url_verification": UrlVerification,
}


def read_payload(body: Body) -> Payload:
    """The only reader of payloads, over HTTP and Socket Mode. Raises UnreadablePayload."""
    payload_type = _find_type(body)
    try:
        return payload_type.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise UnreadablePayload(
            payload_type.__name__, first["type"], _format_location(first["loc"])
        ) from None


def _find_type(body: Body) -> type[Payload]:
    if "command" in body:
        return SlashCommand
    payload_type = body.get("type")
    return TYPES.get(payload_type, OtherPayload) if isinstance(payload_type, str) else OtherPayload


def _format_location(location: tuple[str | int, ...]) -> str:
    """`view.state.values.*.*.value`: keys that are not ours may be text that somebody typed."""
    known = _list_field_names()
    return ".".join(part if isinstance(part, str) and part in known else "*" for part in location)


@cache
def _list_field_names() -> frozenset[str]:
    models: list[type[BaseModel]] = [Payload, *Payload.__subclasses__(), View, ViewState, StateValue]
    models += [InputBlock, InputElement, Action, User, ResponseUrl, Option]
    return frozenset(name for model in models for name in model.model_fields)
