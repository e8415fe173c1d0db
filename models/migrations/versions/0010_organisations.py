"""Enterprise organisations: who belongs to which workspaces, and which workspaces a token reaches (R29).

Profiles of people of organisations are fetched from Slack again; their preferences are kept once per person.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0010_organisations"
down_revision = "0009_tax_facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slack_user", sa.Column("enterprise_user_id", AutoString(), nullable=True))
    op.add_column("slack_user", sa.Column("workspace_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.create_index("ix_slack_user_enterprise_user_id", "slack_user", ["enterprise_user_id"])
    op.create_table(
        "slack_organisation_workspaces",
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("team_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "team_id", name=op.f("pk_slack_organisation_workspaces")),
    )
    _merge_preferences()
    op.execute(sa.text("DELETE FROM slack_user WHERE enterprise_id IS NOT NULL"))


def _merge_preferences() -> None:
    """One row per person of an organisation: the last one they saved."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT p.team_id, p.user_id, u.enterprise_id FROM notification_preferences p "
            "JOIN slack_user u ON u.team_id = p.team_id AND u.user_id = p.user_id "
            "WHERE u.enterprise_id IS NOT NULL ORDER BY p.updated_at DESC"
        )
    ).all()
    kept: set[tuple[str, str]] = set()
    for team_id, user_id, enterprise_id in rows:
        key = {"team": team_id, "user": user_id}
        is_of_key = "WHERE team_id = :team AND user_id = :user"
        if (enterprise_id, user_id) in kept:
            connection.execute(sa.text(f"DELETE FROM notification_preferences {is_of_key}"), key)
        else:
            statement = f"UPDATE notification_preferences SET team_id = :organisation {is_of_key}"
            connection.execute(sa.text(statement), {**key, "organisation": enterprise_id})
            kept.add((enterprise_id, user_id))


def downgrade() -> None:
    op.drop_table("slack_organisation_workspaces")
    op.drop_index("ix_slack_user_enterprise_user_id", "slack_user")
    op.drop_column("slack_user", "workspace_ids")
    op.drop_column("slack_user", "enterprise_user_id")
