"""What code is given to talk to the database."""

from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db.sqlite import SQLiteConnection, SQLiteSession

# PostgreSQL has the libraries' own. Callers use what both have, and need not ask which one it is.
Session: TypeAlias = AsyncSession | SQLiteSession
Connection: TypeAlias = AsyncConnection | SQLiteConnection
