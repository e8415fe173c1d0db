"""Installations and OAuth states, in slack_sdk's tables, with every token encrypted.

slack_sdk's own stores need an AsyncEngine, which SQLite does not have here (decision 14).
"""

import copy
import logging
from collections.abc import Callable
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
from sqlalchemy import ColumnElement, Table, delete, insert, select, update

from bot.db import Connection, Database
from models.installation import ENCRYPTED_COLUMNS, bots, installations, oauth_states

log = structlog.get_logger()

INSTANTS = ("installed_at", "bot_token_expires_at", "user_token_expires_at")


def build_keyring(keys: str) -> MultiFernet:
    """Comma-separated: the first encrypts, all decrypt. Raises ValueError."""
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


class EncryptedInstallationStore(AsyncInstallationStore):
    """Identifies a workspace by its own id only, as notices do, even if it belongs to an organisation. So an
    organisation-wide installation is refused."""

    def __init__(self, client_id: str, database: Database, keys: MultiFernet) -> None:
        self._client_id, self._database, self._keys = client_id, database, keys
        self.on_change: Callable[[str], None] = lambda team_id: None

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        if installation.is_enterprise_install or not installation.team_id:
            raise BoltError("the bot is installed in a workspace, not in an organisation")
        stored = copy.copy(installation)
        stored.enterprise_id = None
        # User tokens are not needed, so they are not stored.
        stored.user_token = stored.user_refresh_token = None
        for name in ENCRYPTED_COLUMNS:
            if token := getattr(stored, name):
                setattr(stored, name, self._keys.encrypt(token.encode()).decode())
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(insert(installations).values(self._to_row(stored.to_dict())))
            await connection.execute(insert(bots).values(self._to_row(stored.to_bot().to_dict())))
        self.on_change(installation.team_id)
        log.info("app.installed", team=installation.team_id, user=installation.user_id)

    async def find_bot_token(self, team_id: str) -> str | None:
        bot = await self.async_find_bot(enterprise_id=None, team_id=team_id)
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
        # Bolt says so for a whole organisation's installation, of which there is none.
        team_id = None if is_enterprise_install else team_id
        newest = select(bots).where(*self._is_of(bots, team_id), bots.c.bot_token.is_not(None))
        async with self._database.read() as session:
            connection = await session.connection()
            found = await connection.execute(newest.order_by(bots.c.installed_at.desc()).limit(1))
            row = found.mappings().first()
        return SQLAlchemyInstallationStore.build_bot_entity(row) if row else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(delete(bots).where(*self._is_of(bots, team_id)))
        self.on_change(team_id or "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        of_user = [installations.c.user_id == user_id] if user_id else []
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(
                delete(installations).where(*self._is_of(installations, team_id), *of_user)
            )

    def _is_of(self, table: Table, team_id: str | None) -> list[ColumnElement[bool]]:
        return [table.c.client_id == self._client_id, table.c.team_id == team_id]

    def _to_row(self, values: dict[str, Any]) -> dict[str, Any]:
        instants = {name: normalize_datetime_for_db(values[name]) for name in INSTANTS if name in values}
        return {**values, **instants, "client_id": self._client_id}

    async def list_team_ids(self) -> list[str]:
        async with self._database.read() as session:
            connection = await session.connection()
            return [*(await connection.execute(select(bots.c.team_id).distinct())).scalars()]

    async def encrypt_with_first_key(self) -> "KeyRotationResult":
        """Re-encrypts every token with the first key. A token that no key decrypts stays as it is.

        Only a workspace's newest row counts as undecryptable: older ones are not read any more."""
        async with self._database.write() as session:
            connection = await session.connection()
            results = [await self._encrypt_table(connection, table) for table in (bots, installations)]
        return KeyRotationResult(
            sum(result.encrypted_rows for result in results),
            sum(result.undecryptable_rows for result in results),
        )

    async def _encrypt_table(self, connection: Connection, table: Table) -> "KeyRotationResult":
        columns = [table.c[name] for name in ENCRYPTED_COLUMNS if name in table.c]
        rows = select(table.c.id, table.c.client_id, table.c.team_id, *columns)
        newest_first = await connection.execute(rows.order_by(table.c.installed_at.desc()))
        encrypted_rows, undecryptable_rows, seen_workspaces = 0, 0, set()
        for row in newest_first.mappings().all():
            workspace = (row["client_id"], row["team_id"])
            try:
                tokens = {c.name: self._keys.rotate(row[c.name]).decode() for c in columns if row[c.name]}
            except InvalidToken:
                if workspace not in seen_workspaces:
                    log.error("token.undecryptable", team=row["team_id"])
                    undecryptable_rows += 1
            else:
                if tokens:
                    await connection.execute(update(table).where(table.c.id == row["id"]).values(**tokens))
                encrypted_rows += 1
            seen_workspaces.add(workspace)
        return KeyRotationResult(encrypted_rows, undecryptable_rows)


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
