"""Where the bot is installed, in the tables of Slack's own library.

Only the tokens differ: they are stored encrypted, and an encrypted token does not fit the library's columns.
"""

from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, String, Table, Text
from sqlmodel import SQLModel

ENCRYPTED_COLUMNS = (
    "bot_token",
    "bot_refresh_token",
    "user_token",
    "user_refresh_token",
    "incoming_webhook_url",
)


def _build_common_columns() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True),
        Column("client_id", String(32), nullable=False),
        Column("app_id", String(32), nullable=False),
        Column("enterprise_id", String(32)),
        Column("enterprise_name", String(200)),
        Column("team_id", String(32)),
        Column("team_name", String(200)),
        Column("bot_token", Text),
        Column("bot_id", String(32)),
        Column("bot_user_id", String(32)),
        Column("bot_scopes", String(1000)),
        Column("bot_refresh_token", Text),
        Column("bot_token_expires_at", DateTime),
        Column("is_enterprise_install", Boolean, nullable=False),
        Column("installed_at", DateTime, nullable=False),
    ]


bots = Table(
    "slack_bots",
    SQLModel.metadata,
    *_build_common_columns(),
    Index("slack_bots_idx", "client_id", "enterprise_id", "team_id", "installed_at"),
)

installations = Table(
    "slack_installations",
    SQLModel.metadata,
    *_build_common_columns(),
    Column("enterprise_url", String(200)),
    Column("user_id", String(32), nullable=False),
    Column("user_token", Text),
    Column("user_scopes", String(1000)),
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", String(200)),
    Column("incoming_webhook_channel_id", String(200)),
    Column("incoming_webhook_configuration_url", String(200)),
    Column("token_type", String(32)),
    Index("slack_installations_idx", "client_id", "enterprise_id", "team_id", "user_id", "installed_at"),
)

# Which workspaces an organisation-wide installation reaches, as Slack last listed them.
organisation_workspaces = Table(
    "slack_organisation_workspaces",
    SQLModel.metadata,
    Column("client_id", String(32), primary_key=True),
    Column("team_id", String(32), primary_key=True),
    Column("enterprise_id", String(32), nullable=False),
)

oauth_states = Table(
    "slack_oauth_states",
    SQLModel.metadata,
    Column("id", Integer, primary_key=True),
    Column("state", String(200), nullable=False),
    Column("expire_at", DateTime, nullable=False),
    Index("slack_oauth_states_idx", "state", unique=True),
    Index("ix_slack_oauth_states_expire_at", "expire_at"),
)
