"""Run by Alembic. The caller passes a connection in `config.attributes`."""

from alembic import context

from models.migrations.previous_version import is_in_models
from models.migrations.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, include_object=is_in_models
)
with context.begin_transaction():
    context.run_migrations()
