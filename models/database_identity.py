"""Which database this is: a restored one has the rows of another, and may issue its numbers again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Field, SQLModel

IDENTITY_ROW_ID: Literal[1] = 1


@dataclass(frozen=True)
class DatabaseId:
    """On PostgreSQL the cluster's system identifier and the OIDs of the database and of its table of document
    numbers, `16384/16421`; a standby has the same. On SQLite only the key of the file beside the database."""

    cluster: str
    database: str


class DatabaseIdentity(SQLModel, table=True):
    """The only row is of the database that issued the document numbers stored in it."""

    __tablename__ = "database_identity"

    id: int = Field(default=IDENTITY_ROW_ID, primary_key=True)
    cluster: str
    database: str
    stored_at: datetime

    @property
    def database_id(self) -> DatabaseId:
        return DatabaseId(self.cluster, self.database)
