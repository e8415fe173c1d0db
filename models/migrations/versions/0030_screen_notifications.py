"""Invoices to follow and open screens wake their jobs, as other work does."""

from alembic import op

revision = "0030_screen_notifications"
down_revision = "0029_provider_products"
branch_labels = None
depends_on = None

# (trigger, table, when it fires): as in 0002.
NOTIFICATIONS = (
    ("invoice_notify_inserted", "invoice", "AFTER INSERT ON invoice FOR EACH STATEMENT"),
    (
        "invoice_notify_earlier",
        "invoice",
        "AFTER UPDATE OF check_at ON invoice FOR EACH ROW WHEN (NEW.check_at < OLD.check_at)",
    ),
    ("order_screen_notify_inserted", "order_screen", "AFTER INSERT ON order_screen FOR EACH STATEMENT"),
    (
        "order_screen_notify_earlier",
        "order_screen",
        "AFTER UPDATE OF due_at ON order_screen FOR EACH ROW "
        "WHEN (NEW.due_at < OLD.due_at OR (OLD.due_at IS NULL AND NEW.due_at IS NOT NULL))",
    ),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, _, event in NOTIFICATIONS:
            op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION notify_jobs()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, table, _ in NOTIFICATIONS:
            op.execute(f"DROP TRIGGER {name} ON {table}")
