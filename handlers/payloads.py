"""Slack's payloads, as far as the bot and Bolt read them, named like Slack's types.

One reader for both transports. What decides who did what must be there and be well-formed. Anything else may
be missing, null, new or of another type: it is then read as missing.
"""

import json
from functools import cache
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.blocks.billing_contact import COLLEAGUE_INPUT
from bot.blocks.notification_preferences import DELIVERY_INPUT, TOPICS_INPUT
from models.checkout import CheckoutForm
from models.text.control_characters import remove_control_characters

SEATS_BLOCK_PREFIX = "seats:"
# The block ids of the inputs that the bot reads.
INPUT_BLOCKS = frozenset(
    {"reason", "since", "until", COLLEAGUE_INPUT, TOPICS_INPUT, DELIVERY_INPUT, *CheckoutForm.model_fields}
)

Body = dict[str, Any]
T = TypeVar("T")


class UnreadablePayload(ValueError):
    """Says what is wrong and where, but not what was there. `sender` is what could be read of who sent it."""

    def __init__(self, payload_type: str, error: str, location: str, sender: "Payload | None" = None) -> None:
        super().__init__(f"{payload_type}: {error} at {location}")
        self.payload_type, self.error, self.location = payload_type, error, location
        self.sender = sender


# --- kinds of fields


def _read_or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _skip_control_characters(value: Any) -> Any:
    return remove_control_characters(value) if isinstance(value, str) else value


def _read_number_as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


def _read_empty_list_as_object(value: Any) -> Any:
    # Some JSON writers don't distinguish empty lists from empty objects.
    return {} if value in ([], None) else value


def _read_none_as_blank(value: Any) -> Any:
    return "" if value is None else value


def _keep_first(value: Any) -> Any:
    return value[:1] if isinstance(value, list) else value


def _read_empty_as_none(value: Any) -> Any:
    return value or None


def _keep_rendered_blocks(value: Any) -> list[Body]:
    blocks = value if isinstance(value, list) else []
    return [
        block
        for block in blocks
        if isinstance(block, dict) and (block.get("type") != "input" or _is_whole_input(block))
    ]


def _is_whole_input(block: Body) -> bool:
    element = block.get("element")
    return isinstance(element, dict) and all(
        isinstance(element.get(key), str) for key in ("type", "action_id")
    )


LENIENT = WrapValidator(_read_or_none)

Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
TypedText = Annotated[str, BeforeValidator(_skip_control_characters), BeforeValidator(_read_number_as_text)]
Id = Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=255)]
OptionalText = Annotated[Text | None, LENIENT]
OptionalId = Annotated[Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=255)] | None, LENIENT]
OptionalUrl = Annotated[Annotated[str, Field(pattern=r"^https?://[^\x00]+$")] | None, LENIENT]


class Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class IdObject(Fields):
    id: OptionalId = None


OptionalIdOrObject = Annotated[
    Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=255)] | IdObject | None, LENIENT
]


class User(Fields):
    id: Id
    team_id: OptionalId = None


class Authorization(Fields):
    team_id: OptionalId = None
    enterprise_id: OptionalId = None
    is_enterprise_install: Annotated[bool | None, LENIENT] = None


class ResponseUrl(Fields):
    response_url: OptionalUrl = None


# --- every payload


class Payload(Fields):
    """What is read of any payload, however odd the rest is: who acted, where, and how to reach them."""

    type: OptionalText = None
    team_id: OptionalId = None
    enterprise_id: OptionalId = None
    team: OptionalIdOrObject = None
    enterprise: OptionalIdOrObject = None
    is_enterprise_install: Annotated[bool | Text | None, LENIENT] = None
    user: Annotated[User | Id | None, LENIENT] = None
    user_id: OptionalId = None
    channel: OptionalIdOrObject = None
    channel_id: OptionalId = None
    authorizations: Annotated[list[Authorization] | None, LENIENT] = None
    trigger_id: OptionalText = None
    response_url: OptionalUrl = None
    response_urls: Annotated[list[ResponseUrl] | None, LENIENT] = None

    @property
    def route_id(self) -> str:
        return str(self.type)

    @property
    def private_reply_url(self) -> str | None:
        """A URL for posting a message that only the person sees, in the place where they acted."""
        urls = [url.response_url for url in self.response_urls or []]
        return next(filter(None, [self.response_url, *urls]), None)

    @property
    def can_reach_sender(self) -> bool:
        """A form can always be answered in its ack."""
        is_form = self.type == "view_submission"
        return bool(is_form or self.private_reply_url or self.user_id or self.user or self.trigger_id)

    def build_bolt_body(self) -> Body:
        """Builds the body from which Bolt finds the listener and the workspace. Every field has a type that
        Bolt can read."""
        body = self.model_dump(
            exclude_none=True, exclude={"view": {"blocks", "state"}, "response_urls": True}
        )
        if "view" in body:
            # For another type Bolt expects more fields.
            body["view"]["type"] = "modal"
        return body


# --- each type


class SlashCommand(Payload):
    command: Annotated[Id, Field(pattern=r"^/[^\x00]+$")]
    text: Annotated[TypedText, BeforeValidator(_read_none_as_blank)] = ""
    user_id: Id

    @property
    def route_id(self) -> str:
        return self.command


class Option(Fields):
    """An option with its label, to be rendered again."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)
    value: Text


class StateValue(Fields):
    value: TypedText | None = None
    selected_date: Text | None = None
    selected_user: Text | None = None
    selected_option: Option | None = None
    selected_options: list[Option] | None = None


BlockState = Annotated[
    dict[Text, Annotated[StateValue, BeforeValidator(_read_empty_list_as_object)]],
    BeforeValidator(_read_empty_list_as_object),
]
_BLOCK_STATES: TypeAdapter[Any] = TypeAdapter(dict[Text, BlockState])


def is_input_block(block_id: object) -> bool:
    return isinstance(block_id, str) and (block_id in INPUT_BLOCKS or block_id.startswith(SEATS_BLOCK_PREFIX))


def _is_readable_state(block_id: object, state: object) -> bool:
    try:
        _BLOCK_STATES.validate_python({block_id: state}, strict=True)
    except ValidationError:
        return False
    return True


def _drop_unreadable_unknown_blocks(values: Any) -> Any:
    # Blocks that the bot does not read may hold elements of any kind.
    if not isinstance(values, dict):
        return values
    return {
        block_id: state
        for block_id, state in values.items()
        if is_input_block(block_id) or _is_readable_state(block_id, state)
    }


class ViewState(Fields):
    values: Annotated[
        dict[Text, BlockState],
        BeforeValidator(_drop_unreadable_unknown_blocks),
        BeforeValidator(_read_empty_list_as_object),
    ] = {}


class View(Fields):
    id: OptionalId = None
    type: OptionalText = None
    callback_id: Annotated[Text, BeforeValidator(_read_none_as_blank)] = ""
    private_metadata: OptionalText = None
    external_id: OptionalText = None
    title: Annotated[Body | None, LENIENT] = None
    submit: Annotated[Body | None, LENIENT] = None
    close: Annotated[Body | None, LENIENT] = None
    blocks: Annotated[list[Body], BeforeValidator(_keep_rendered_blocks)] = []
    state: Annotated[ViewState, BeforeValidator(_read_empty_list_as_object)] = ViewState()
    app_installed_team_id: OptionalId = None


class Action(Fields):
    action_id: Id
    block_id: OptionalText = None
    value: Annotated[Text, BeforeValidator(_read_number_as_text)] | None = None


class BlockActions(Payload):
    """An action in a message or a view."""

    user: User
    # Slack sends one.
    actions: Annotated[list[Action], Field(min_length=1), BeforeValidator(_keep_first)]
    view: Annotated[View | None, BeforeValidator(_read_empty_as_none)] = None

    @property
    def route_id(self) -> str:
        return self.actions[0].action_id


class ViewSubmission(Payload):
    user: User
    view: View

    @property
    def route_id(self) -> str:
        return self.view.callback_id


class GlobalShortcut(Payload):
    user: User
    callback_id: Id

    @property
    def route_id(self) -> str:
        return self.callback_id


class RevokedTokens(Fields):
    bot: Annotated[list[Id] | None, LENIENT] = None


class Event(Payload):
    type: Id
    user: OptionalIdOrObject = None  # type: ignore[assignment]  # `user_change` has an object.
    tab: OptionalText = None
    tokens: Annotated[RevokedTokens | None, LENIENT] = None


class EventCallback(Payload):
    event: Event

    @property
    def route_id(self) -> str:
        return self.event.type


class UrlVerification(Payload):
    challenge: Text


class SslCheck(Payload):
    ssl_check: Text


class OtherPayload(Payload):
    """A type for which the bot has no route."""

    type: Text


TYPES: dict[str, type[Payload]] = {
    "block_actions": BlockActions,
    "view_submission": ViewSubmission,
    "shortcut": GlobalShortcut,
    "event_callback": EventCallback,
    "url_verification": UrlVerification,
}


# --- reading


def parse_http_body(body: bytes, content_type: str) -> object:
    """JSON, a form with JSON in `payload`, or a form. Raises UnreadablePayload."""
    try:
        text = body.decode()
        if content_type.partition(";")[0] == "application/json" or text.startswith("{"):
            return json.loads(text)
        form = dict(parse_qsl(text, keep_blank_values=True))
        return json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("Body", type(error).__name__, "*") from None


def read_payload(body: object) -> Payload:
    """The only reader of payloads, over HTTP and Socket Mode. Raises UnreadablePayload."""
    if not isinstance(body, dict):
        raise UnreadablePayload("Body", "dict_type", "*")
    payload_type = _find_type(body)
    try:
        return payload_type.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise UnreadablePayload(
            payload_type.__name__, first["type"], _format_location(first["loc"]), _read_sender(body)
        ) from None


def _find_type(body: Body) -> type[Payload]:
    if "command" in body:
        return SlashCommand
    payload_type = body.get("type")
    if payload_type == "shortcut" and "callback_id" not in body:
        return OtherPayload
    if payload_type is None and "ssl_check" in body:
        return SslCheck
    return TYPES.get(payload_type, OtherPayload) if isinstance(payload_type, str) else OtherPayload


def _read_sender(body: Body) -> Payload:
    return Payload.model_validate(body)


def _format_location(location: tuple[str | int, ...]) -> str:
    """`view.state.values.*.*.value`: keys that are not ours are hidden, because they may be text that
    somebody typed."""
    known = _list_field_names()
    return ".".join(part if isinstance(part, str) and part in known else "*" for part in location)


@cache
def _list_field_names() -> frozenset[str]:
    models: list[type[BaseModel]] = [Payload, *Payload.__subclasses__(), View, ViewState, StateValue]
    models += [Action, User, Option]
    return frozenset(name for model in models for name in model.model_fields)
