"""The sandbox's state as plain dataclasses."""

import copy
from dataclasses import dataclass, field

from sandbox.errors import Json

StateValues = dict[str, dict[str, Json]]


@dataclass
class Installation:
    """The app's token and bot user in one team, or in an organisation with all its teams."""

    team_id: str
    bot_token: str
    bot_user_id: str
    bot_id: str
    scopes: list[str]


@dataclass
class Team:
    id: str
    name: str
    domain: str
    enterprise_id: str | None = None
    installation: Installation | None = None
    # An organisation is stored as a team, because its id is valid where a team's is.
    is_organisation: bool = False
    # Whether the organisation's admins have added the app to it.
    has_access: bool = True


@dataclass
class User:
    id: str
    team_id: str
    name: str
    real_name: str = ""
    email: str = ""
    locale: str = "en-US"
    tz: str = "Etc/UTC"
    enterprise_id: str | None = None
    enterprise_user_id: str | None = None
    other_teams: list[str] = field(default_factory=list)
    title: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False

    @property
    def all_team_ids(self) -> set[str]:
        """The ids of their teams and their organisation."""
        return {self.team_id, *self.other_teams, *([self.enterprise_id] if self.enterprise_id else [])}


@dataclass(eq=False)
class Message:
    ts: str
    channel_id: str
    user_id: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    only_for: str | None = None
    bot_id: str | None = None
    team_id: str = ""
    edits: list["Message"] = field(default_factory=list)
    edited_ts: str | None = None
    deleted: bool = False
    states: dict[str, StateValues] = field(default_factory=dict)
    error: str | None = None

    def record_edit(self, now_ts: str) -> None:
        former = copy.deepcopy(self)
        former.edits = []
        self.edits.append(former)
        self.edited_ts = now_ts


@dataclass(eq=False)
class Channel:
    id: str
    name: str
    team_id: str
    members: list[str] = field(default_factory=list)
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    messages: list[Message] = field(default_factory=list)

    def find_message(self, ts: str) -> Message | None:
        return next((m for m in self.messages if m.ts == ts and not m.deleted), None)


@dataclass(eq=False)
class View:
    id: str
    team_id: str
    user_id: str
    type: str
    blocks: list[Json]
    hash: str
    title: Json | None = None
    submit: Json | None = None
    close: Json | None = None
    callback_id: str = ""
    external_id: str = ""
    private_metadata: str = ""
    clear_on_close: bool = False
    notify_on_close: bool = False
    submit_disabled: bool = False
    root_view_id: str = ""
    previous_view_id: str | None = None
    state: StateValues = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(eq=False)
class Client:
    """One browser of one person; a modal opens in the browser of its trigger. `team_id` is the team it shows,
    if that isn't the person's first one."""

    id: str
    user_id: str
    team_id: str | None = None
    stack: list[View] = field(default_factory=list)
    error: str | None = None

    def find_view(self, view_id: str) -> View | None:
        return next((view for view in self.stack if view.id == view_id), None)


@dataclass
class Trigger:
    id: str
    client: Client
    team_id: str
    expires: float
    used: bool = False


@dataclass
class ResponseUrl:
    id: str
    channel_id: str
    user_id: str
    team_id: str
    expires: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass
class File:
    id: str
    name: str
    team_id: str
    title: str = ""
    content: bytes = b""
    length: int = 0
    complete: bool = False
    alt_text: str = ""
    created: float = 0
    channels: list[str] = field(default_factory=list)
