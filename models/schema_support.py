"""Which versions can work with the database's schema, for those that do not know its last migration."""

from sqlmodel import Field, SQLModel


class SchemaSupport(SQLModel, table=True):
    """The only row. A version whose own last migration is `oldest_revision`, or a later one, is supported."""

    __tablename__ = "schema_support"

    id: int = Field(default=1, primary_key=True)
    oldest_revision: str
