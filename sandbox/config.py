"""The schema of the workspace file (`--config workspace.yml`), with its defaults."""

import json
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

DEFAULT_WORKSPACE = Path(__file__).parent / "default_workspace.yml"
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 -- the sandbox's tokens open nothing else
APP_TOKEN = "xapp-sandbox"  # noqa: S105
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105
SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105

ALL_SCOPES = [
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "links.embed:write",
    "users:read",
    "users:read.email",
]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TeamConfig(Section):
    id: str
    name: str
    domain: str = ""
    enterprise_id: str | None = None
    installed: bool = True
    bot_token: str | None = None


class OrganisationConfig(Section):
    """An Enterprise organisation: its teams name its id as their `enterprise_id`. The app is installed for
    all of them at once, unless `installed` is false."""

    id: str
    name: str
    installed: bool = True
    bot_token: str | None = None


class AppConfig(Section):
    """`manifest` gives name, commands, shortcuts, events and scopes; each may be overridden here."""

    id: str = "A01SANDBOX"
    name: str | None = None
    manifest: Path | dict[str, Any] | None = None
    request_url: str | None = None
    reset_url: str | None = None
    signing_secret: str = SIGNING_SECRET
    app_token: str = APP_TOKEN
    bot_token: str = BOT_TOKEN
    client_id: str = "1000.2000"
    client_secret: str = CLIENT_SECRET
    redirect_url: str | None = None
    scopes: list[str] | None = None
    events: list[str] | None = None


class UserConfig(Section):
    id: str
    name: str
    real_name: str = ""
    email: str = ""
    locale: str = "en-US"
    tz: str = "Etc/UTC"
    team: str | None = None
    enterprise_id: str | None = None
    enterprise_user_id: str | None = None
    other_teams: list[str] = []
    title: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False


class ChannelConfig(Section):
    id: str
    name: str
    team: str | None = None
    members: list[str] = []
    bot: bool = True
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False


# In one language, or in several by their codes: `en`, `fr`. The page chooses that of the current person.
GuideText = str | dict[str, str]


class GuideStep(Section):
    """Something to try: the page switches to `user`, opens `place` (a channel's id, `home` or `messages`) and
    enters `command`."""

    title: GuideText
    user: str
    place: str
    command: str = ""
    text: GuideText


class Guide(Section):
    """A list of things to try, which the page shows first. `try_label` is on each step's button, before the
    person's name."""

    title: GuideText
    try_label: GuideText = "Try as"
    notes: list[GuideText] = []
    steps: list[GuideStep] = Field(min_length=1)


class Config(Section):
    teams: list[TeamConfig] = Field(min_length=1)
    organisation: OrganisationConfig | None = None
    app: AppConfig = AppConfig()
    users: list[UserConfig] = []
    channels: list[ChannelConfig] = []
    guide: Guide | None = None

    @model_validator(mode="after")
    def _fill_teams(self) -> Self:
        home = self.teams[0]
        if self.organisation and self.organisation.installed:
            self.organisation.bot_token = self.organisation.bot_token or self.app.bot_token
        elif home.installed:
            home.bot_token = home.bot_token or self.app.bot_token
        for team in self.teams:
            team.domain = team.domain or team.name.lower().replace(" ", "-")
        members: list[UserConfig | ChannelConfig] = [*self.users, *self.channels]
        for member in members:
            member.team = member.team or home.id
        return self

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        teams, users = {team.id for team in self.teams}, {user.id for user in self.users}
        members: list[UserConfig | ChannelConfig] = [*self.users, *self.channels]
        for member in members:
            if member.team not in teams:
                raise ValueError(f"{member.id}: no team {member.team!r}")
        for user in self.users:
            if unknown := set(user.other_teams) - teams:
                raise ValueError(f"{user.id}: no team {', '.join(sorted(unknown))}")
        for channel in self.channels:
            if unknown := set(channel.members) - users:
                raise ValueError(f"channel {channel.name}: no such users: {', '.join(sorted(unknown))}")
        places = {"home", "messages", *(channel.id for channel in self.channels)}
        for step in self.guide.steps if self.guide else []:
            if step.user not in users or step.place not in places:
                raise ValueError(f"guide: {step.title!r} needs a user and a place that exist")
        for team in self.teams:
            if team.installed and not team.bot_token:
                raise ValueError(
                    f"team {team.id}: a second team needs its own bot_token, or installed: false"
                )
        return self

    @property
    def manifest(self) -> dict[str, Any]:
        return self.app.manifest if isinstance(self.app.manifest, dict) else {}


ORGANISATION_ID, SECOND_TEAM_ID = "E01SANDBOX", "T09SANDBOX"


def add_organisation(config: Config) -> Config:
    """The first team becomes one of two in an organisation that has installed the app, and its people belong
    to both. Other teams stay outside."""
    home = config.teams[0]
    home.enterprise_id, home.installed, home.bot_token = ORGANISATION_ID, False, None
    second = TeamConfig(
        id=SECOND_TEAM_ID, name=f"{home.name} Labs", enterprise_id=ORGANISATION_ID, installed=False
    )
    users = [
        user.model_copy(update={"other_teams": [SECOND_TEAM_ID]}) if user.team == home.id else user
        for user in config.users
    ]
    organisation = OrganisationConfig(id=ORGANISATION_ID, name=f"{home.name} Group")
    # Validated a second time, so that the new team gets its defaults and the organisation its token.
    return Config.model_validate(
        {
            **config.model_dump(),
            "teams": [team.model_dump() for team in [home, second, *config.teams[1:]]],
            "users": [user.model_dump() for user in users],
            "organisation": organisation.model_dump(),
        }
    )


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ConfigSource = Config | dict[str, Any] | str | Path | None


def load_config(source: ConfigSource = None) -> Config:
    """`manifest` is relative to the file, or to the current directory if `source` is a dict."""
    if isinstance(source, Config):
        return source
    if isinstance(source, dict):
        return _apply_manifest(Config.model_validate(source), Path.cwd())
    path = Path(source or DEFAULT_WORKSPACE)
    return _apply_manifest(Config.model_validate(_parse_yaml(path.read_text("utf-8"))), path.parent)


def _parse_yaml(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 -- a safe loader, and ten times as fast if it is in C


def _apply_manifest(config: Config, folder: Path) -> Config:
    if isinstance(config.app.manifest, Path):
        text = (folder / config.app.manifest).read_text("utf-8")
        is_json = config.app.manifest.suffix == ".json"
        config.app.manifest = json.loads(text) if is_json else _parse_yaml(text)
    manifest = config.manifest
    if config.app.name is None:
        config.app.name = manifest.get("display_information", {}).get("name", "Sandbox app")
    if config.app.scopes is None:
        config.app.scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ALL_SCOPES)
    if config.app.events is None:
        config.app.events = manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events")
    return config
