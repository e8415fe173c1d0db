"""Installations and OAuth states, in slack_sdk's tables, with every token encrypted.

slack_sdk's own stores need an AsyncEngine, which SQLite does not have here (decision 14).
"""

import copy
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.sqlalchemy_utils import normalize_datetime_for_db
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from sqlalchemy import (
    ColumnElement,
    Executable,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from bot.db import Connection, Database
from models.installation import (
    ENCRYPTED_COLUMNS,
    bots,
    installations,
    oauth_states,
    organisation_workspaces,
)

log = structlog.get_logger()

INSTANTS = ("installed_at", "bot_token_expires_at", "user_token_expires_at")


def build_keyring(keys: str) -> MultiFernet:
    """Keys are separated by commas: the first encrypts, all decrypt. Raises ValueError."""
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


class EncryptedInstallationStore(AsyncInstallationStore):
    """Identifies an installation by one id, as notices do: the workspace's, or the organisation's if it is
    organisation-wide (R29). Slack's ids of the two never coincide."""

    def __init__(self, client_id: str, database: Database, keys: MultiFernet) -> None:
        self._client_id, self._database, self._keys = client_id, database, keys
        self.on_change: Callable[[], None] = lambda: None

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        stored = copy.copy(installation)
        if installation.is_enterprise_install:
            # Slack may name the workspace in which the admin allowed it.
            stored.team_id = stored.team_name = None
        else:
            stored.enterprise_id = None
        installed_in = stored.team_id or stored.enterprise_id
        if not installed_in:
            raise BoltError("Slack named neither a workspace nor an organisation")
        # User tokens are not needed, so they are not stored.
        stored.user_token = stored.user_refresh_token = None
        for name in ENCRYPTED_COLUMNS:
            if token := getattr(stored, name):
                setattr(stored, name, self._keys.encrypt(token.encode()).decode())
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(insert(installations).values(self._to_row(stored.to_dict())))
            await connection.execute(insert(bots).values(self._to_row(stored.to_bot().to_dict())))
        self.on_change()
        log.info("app.installed", team=installed_in, user=installation.user_id)

    async def find_bot_token(self, team_id: str) -> str | None:
        """The workspace's own token, otherwise that of the organisation whose token reaches it."""
        bot = await self._find_bot(team_id)
        if bot is None or bot.bot_token is None:
            return None
        try:
            return self._keys.decrypt(bot.bot_token).decode()
        except InvalidToken:
            log.error("token.undecryptable", team=team_id)
            return None

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        installed_in = enterprise_id if is_enterprise_install else team_id or enterprise_id
        return await self._find_bot(installed_in) if installed_in else None

    async def _find_bot(self, team_id: str) -> Bot | None:
        organisation = select(organisation_workspaces.c.enterprise_id).where(
            organisation_workspaces.c.client_id == self._client_id,
            organisation_workspaces.c.team_id == team_id,
        )
        is_of_organisation = and_(bots.c.team_id.is_(None), bots.c.enterprise_id.in_(organisation))
        own_first = select(bots).where(
            bots.c.client_id == self._client_id,
            or_(_is_installed_in(bots, team_id), is_of_organisation),
            bots.c.bot_token.is_not(None),
        )
        newest = own_first.order_by(is_of_organisation, bots.c.installed_at.desc()).limit(1)
        async with self._database.read() as session:
            connection = await session.connection()
            row = (await connection.execute(newest)).mappings().first()
        return SQLAlchemyInstallationStore.build_bot_entity(row) if row else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(delete(bots).where(*self._is_of(bots, team_id or enterprise_id or "")))
        self.on_change()

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        of_user = [installations.c.user_id == user_id] if user_id else []
        is_of = self._is_of(installations, team_id or enterprise_id or "")
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(delete(installations).where(*is_of, *of_user))

    async def delete_installation(self, team_id: str) -> bool:
        """Deletes the installation of a workspace or organisation. Returns False if it has none of its
        own."""
        async with self._database.write() as session:
            connection = await session.connection()
            deleted = await connection.execute(delete(bots).where(*self._is_of(bots, team_id)))
            await connection.execute(delete(installations).where(*self._is_of(installations, team_id)))
            await connection.execute(
                delete(organisation_workspaces).where(
                    organisation_workspaces.c.client_id == self._client_id,
                    organisation_workspaces.c.enterprise_id == team_id,
                )
            )
        self.on_change()
        return deleted.rowcount > 0

    def _is_of(self, table: Table, team_id: str) -> list[ColumnElement[bool]]:
        return [table.c.client_id == self._client_id, _is_installed_in(table, team_id)]

    def _to_row(self, values: dict[str, Any]) -> dict[str, Any]:
        instants = {name: normalize_datetime_for_db(values[name]) for name in INSTANTS if name in values}
        return {**values, **instants, "client_id": self._client_id}

    async def list_installations(self) -> list[str]:
        return await self._list_ids(select(func.coalesce(bots.c.team_id, bots.c.enterprise_id)).distinct())

    async def list_enterprise_ids(self) -> list[str]:
        return await self._list_ids(select(bots.c.enterprise_id).where(bots.c.team_id.is_(None)).distinct())

    async def list_team_ids(self) -> list[str]:
        """Lists the ids of `list_installations`, and the workspaces that an organisation's token has access
        to."""
        reached = select(organisation_workspaces.c.team_id)
        return await self._list_ids(
            union(select(func.coalesce(bots.c.team_id, bots.c.enterprise_id)), reached)
        )

    async def list_workspace_ids(self, enterprise_id: str) -> list[str]:
        """Lists the workspaces that the organisation's token has access to."""
        column = organisation_workspaces.c
        return await self._list_ids(
            select(column.team_id).where(
                column.client_id == self._client_id, column.enterprise_id == enterprise_id
            )
        )

    async def _list_ids(self, query: Executable) -> list[str]:
        async with self._database.read() as session:
            connection = await session.connection()
            return sorted((await connection.execute(query)).scalars())

    async def save_organisation_workspaces(self, enterprise_id: str, team_ids: Collection[str]) -> set[str]:
        """Replaces the stored workspaces. Returns those that are no longer among them."""
        column = organisation_workspaces.c
        async with self._database.write() as session:
            connection = await session.connection()
            of_client = column.client_id == self._client_id
            stored = await connection.execute(
                select(column.team_id).where(of_client, column.enterprise_id == enterprise_id)
            )
            stored_ids = set(stored.scalars())
            if stored_ids == set(team_ids):
                return set()
            former = or_(column.enterprise_id == enterprise_id, column.team_id.in_(team_ids))
            await connection.execute(delete(organisation_workspaces).where(of_client, former))
            rows = [
                {"client_id": self._client_id, "team_id": team_id, "enterprise_id": enterprise_id}
                for team_id in sorted({*team_ids})
            ]
            if rows:
                await connection.execute(insert(organisation_workspaces), rows)
        self.on_change()
        log.info("organisation.refreshed", team=enterprise_id, workspaces=len(rows))
        return stored_ids - {*team_ids}

    async def encrypt_with_first_key(self) -> "KeyRotationResult":
        """Re-encrypts every token with the first key. A token that no key decrypts stays as it is; it is
        counted only if it is in a workspace's newest row, because older rows are no longer read."""
        async with self._database.write() as session:
            connection = await session.connection()
            results = [await self._encrypt_table(connection, table) for table in (bots, installations)]
        return KeyRotationResult(
            sum(result.encrypted_rows for result in results),
            sum(result.undecryptable_rows for result in results),
        )

    async def _encrypt_table(self, connection: Connection, table: Table) -> "KeyRotationResult":
        columns = [table.c[name] for name in ENCRYPTED_COLUMNS if name in table.c]
        installed_in = func.coalesce(table.c.team_id, table.c.enterprise_id).label("installed_in")
        rows = select(table.c.id, table.c.client_id, installed_in, *columns)
        newest_first = await connection.execute(rows.order_by(table.c.installed_at.desc()))
        encrypted_rows, undecryptable_rows, seen_workspaces = 0, 0, set()
        for row in newest_first.mappings().all():
            workspace = (row["client_id"], row["installed_in"])
            try:
                tokens = {c.name: self._keys.rotate(row[c.name]).decode() for c in columns if row[c.name]}
            except InvalidToken:
                if workspace not in seen_workspaces:
                    log.error("token.undecryptable", team=row["installed_in"])
                    undecryptable_rows += 1
            else:
                if tokens:
                    await connection.execute(update(table).where(table.c.id == row["id"]).values(**tokens))
                encrypted_rows += 1
            seen_workspaces.add(workspace)
        return KeyRotationResult(encrypted_rows, undecryptable_rows)


def _is_installed_in(table: Table, team_id: str) -> ColumnElement[bool]:
    organisation_wide = and_(table.c.team_id.is_(None), table.c.enterprise_id == team_id)
    return or_(table.c.team_id == team_id, organisation_wide)


@dataclass(frozen=True)
class KeyRotationResult:
    encrypted_rows: int
    undecryptable_rows: int


class SingleUseOAuthStateStore(AsyncOAuthStateStore):
    """Consumes a state in one statement: slack_sdk's store selects and then deletes it, so that two requests
    at the same moment would both succeed. Issuing a state deletes those that have expired."""

    def __init__(self, expiration_seconds: int, database: Database) -> None:
        self._expires_after, self._database = timedelta(seconds=expiration_seconds), database

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        state, now = str(uuid4()), _get_utc_now()
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(delete(oauth_states).where(oauth_states.c.expire_at <= now))
            issued = {"state": state, "expire_at": now + self._expires_after}
            await connection.execute(insert(oauth_states).values(issued))
        return state

    async def async_consume(self, state: str) -> bool:
        column = oauth_states.c
        unused = delete(oauth_states).where(column.state == state, column.expire_at > _get_utc_now())
        async with self._database.write() as session:
            connection = await session.connection()
            return (await connection.execute(unused.returning(column.id))).first() is not None


def _get_utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
