"""What a thing is and which changes it allows. No Slack, network or clock."""

from sqlmodel import SQLModel

# Named constraints: SQLite's batch migrations can only keep what has a name. Set before any table is defined.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
