"""Installations in the database, through Slack's own stores, with every token encrypted."""

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db import Database
from models.installation import ENCRYPTED_COLUMNS, bots, installations

log = structlog.get_logger()


def build_keyring(keys: str) -> MultiFernet:
    """Comma-separated: the first encrypts, all decrypt. Raises ValueError where one is no key."""
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


class EncryptedInstallationStore(AsyncInstallationStore):
    """A workspace is known by its own id alone, be it of an organisation or not: notices know no more of it.
    So an installation for a whole organisation at once is refused."""

    def __init__(self, client_id: str, database: Database, keys: MultiFernet) -> None:
        self._read_store = AsyncSQLAlchemyInstallationStore(client_id, database.engine)
        self._write_store = AsyncSQLAlchemyInstallationStore(client_id, database.writer)
        self._database, self._keys = database, keys
        self.on_change: Callable[[str], None] = lambda team_id: None

    @property
    def logger(self) -> logging.Logger:
        return self._write_store.logger

    async def async_save(self, installation: Installation) -> None:
        if installation.is_enterprise_install or not installation.team_id:
            raise BoltError("the bot is installed in a workspace, not in an organisation")
        stored = copy.copy(installation)
        stored.enterprise_id = None
        # Nobody's own token is needed, so none is kept.
        stored.user_token = stored.user_refresh_token = None
        for name in ENCRYPTED_COLUMNS:
            if token := getattr(stored, name):
                setattr(stored, name, self._keys.encrypt(token.encode()).decode())
        await self._write_store.async_save(stored)
        self.on_change(installation.team_id)
        log.info("app.installed", team=installation.team_id, user=installation.user_id)

    async def find_bot_token(self, team_id: str) -> str | None:
        """The bot's token there; none where it is not installed, or no key opens what is stored."""
        bot = await self._read_store.async_find_bot(enterprise_id=None, team_id=team_id)
        if bot is None or bot.bot_token is None:
            return None
        try:
            return self._keys.decrypt(bot.bot_token).decode()
        except InvalidToken:
            log.error("token.undecryptable", team=team_id)
            return None

    async def async_find_bot(self, **where: Any) -> Bot | None:
        bot: Bot | None = await self._read_store.async_find_bot(**{**where, "enterprise_id": None})
        return bot

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._write_store.async_delete_bot(enterprise_id=None, team_id=team_id)
        self.on_change(team_id or "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        await self._write_store.async_delete_installation(
            enterprise_id=None, team_id=team_id, user_id=user_id
        )

    async def list_team_ids(self) -> list[str]:
        async with self._database.engine.connect() as connection:
            return [*(await connection.execute(select(bots.c.team_id).distinct())).scalars()]

    async def encrypt_with_first_key(self) -> "KeyRotationResult":
        """Encrypt every token anew, with the first key.

        What no key opens stays as it is. It counts as closed where the workspace is called with it: of one
        that had to install anew, as its key was lost, the older rows are read by nobody."""
        async with self._database.writer.begin() as connection:
            found = [await self._encrypt_table(connection, table) for table in (bots, installations)]
        return KeyRotationResult(
            sum(each.encrypted_rows for each in found), sum(each.undecryptable_rows for each in found)
        )

    async def _encrypt_table(self, connection: AsyncConnection, table: Table) -> "KeyRotationResult":
        columns = [table.c[name] for name in ENCRYPTED_COLUMNS if name in table.c]
        rows = select(table.c.id, table.c.client_id, table.c.team_id, *columns)
        newest_first = await connection.execute(rows.order_by(table.c.installed_at.desc()))
        renewed, closed, seen = 0, 0, set()
        for row in newest_first.mappings().all():
            workspace = (row["client_id"], row["team_id"])
            try:
                tokens = {c.name: self._keys.rotate(row[c.name]).decode() for c in columns if row[c.name]}
            except InvalidToken:
                if workspace not in seen:
                    log.error("token.undecryptable", team=row["team_id"])
                    closed += 1
            else:
                if tokens:
                    await connection.execute(update(table).where(table.c.id == row["id"]).values(**tokens))
                renewed += 1
            seen.add(workspace)
        return KeyRotationResult(renewed, closed)


@dataclass(frozen=True)
class KeyRotationResult:
    """How many rows are encrypted with the first key now, and how many no key opened."""

    encrypted_rows: int
    undecryptable_rows: int


class SingleUseOAuthStateStore(AsyncSQLAlchemyOAuthStateStore):
    """A state is used up by one statement: the library's own look first and delete then, and two that come
    at once would both be let in. Whoever begins an installation clears away those that have expired."""

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        async with self.engine.begin() as connection:
            await connection.execute(
                delete(self.oauth_states).where(self.oauth_states.c.expire_at <= _get_utc_now())
            )
        return str(await super().async_issue(*args, **kwargs))

    async def async_consume(self, state: str) -> bool:
        column = self.oauth_states.c
        unused = delete(self.oauth_states).where(column.state == state, column.expire_at > _get_utc_now())
        async with self.engine.begin() as connection:
            return bool((await connection.execute(unused)).rowcount)


def _get_utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
