"""The shape of what Slack sends, as far as the bot and Bolt read it.

Only what is named here goes in. Bolt raises at an id that is no text, and a handler need not look twice. What
belongs to a screen is kept whole: it may be drawn again.
"""

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MOST_FIELDS = 100

# Nobody types a NUL, and PostgreSQL stores none.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=255)]
Url = Annotated[str, Field(pattern=r"^https?://[^\x00]+$")]


class Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class Drawn(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class Named(Part):
    id: Id


class User(Named):
    team_id: Id | None = None


class Option(Drawn):
    value: Text


class Typed(Part):
    value: Text | None = None
    selected_option: Option | None = None
    selected_options: list[Option] | None = None


class State(Part):
    values: dict[Text, dict[Text, Typed]]


class Element(Drawn):
    type: Text
    action_id: Text | None = None


class Block(Drawn):
    type: Text
    block_id: Text
    element: Element | None = None


class View(Drawn):
    id: Id
    type: Text
    callback_id: Text
    private_metadata: Text | None = None
    blocks: list[Block] | None = None
    state: State | None = None
    app_installed_team_id: Id | None = None


class Action(Part):
    action_id: Id
    block_id: Text | None = None
    value: Text | None = None


class ResponseUrl(Part):
    response_url: Url


class Interaction(Part):
    team: Named | None = None
    enterprise: Named | None = None
    user: User
    trigger_id: Id


class Press(Interaction):
    type: Literal["block_actions"]
    actions: Annotated[list[Action], Field(min_length=1)]
    view: View | None = None
    channel: Named | None = None
    response_url: Url | None = None


class Submission(Interaction):
    type: Literal["view_submission"]
    view: View
    response_urls: list[ResponseUrl] | None = None


class Authorization(Part):
    team_id: Id | None = None
    enterprise_id: Id | None = None


class Event(Part):
    """Of most only the type is of interest: they are acknowledged."""

    type: Id
    user: Id | Named | None = None
    channel: Id | Named | None = None
    bot_id: Text | None = None
    tokens: dict[Text, list[Id]] | None = None
    tab: Text | None = None


class Told(Part):
    type: Literal["event_callback"]
    team_id: Id | None = None
    enterprise_id: Id | None = None
    authorizations: list[Authorization] | None = None
    event: Event


class Handshake(Part):
    type: Literal["url_verification"]
    challenge: Text


class Command(Part):
    command: Annotated[Id, Field(pattern=r"^/[^\x00]+$")]
    text: Text | None = None
    team_id: Id
    enterprise_id: Id | None = None
    user_id: Id
    channel_id: Id
    trigger_id: Id
    response_url: Url


class SslCheck(Part):
    ssl_check: Literal["1"]


_IN_JSON: TypeAdapter[Press | Submission | Told | Handshake] = TypeAdapter(
    Annotated[Press | Submission | Told | Handshake, Field(discriminator="type")]
)
_IN_A_FORM: TypeAdapter[Command | SslCheck] = TypeAdapter(Command | SslCheck)


def read_payload(text: str) -> dict[str, Any]:
    """A form, a form with JSON as its `payload`, or JSON: as it looks, whatever its headers say. What is null
    is left out. Raises ValueError where it is nothing that Slack sends, or nested beyond measure."""
    if text.startswith("{"):
        return _plain(_IN_JSON.validate_json(text))
    fields = dict(parse_qsl(text, errors="strict", max_num_fields=MOST_FIELDS))
    if "payload" in fields:
        return _plain(_IN_JSON.validate_json(fields["payload"]))
    return _plain(_IN_A_FORM.validate_python(fields))


def _plain(read: BaseModel) -> dict[str, Any]:
    return read.model_dump(exclude_unset=True, exclude_none=True)
