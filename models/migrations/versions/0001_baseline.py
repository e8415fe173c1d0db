"""The schema of version 1.0.0.

The database itself guards what must never happen (decision 1): the triggers at the end refuse a transition
that R18 does not list, and any change to history or to a receipt.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001_baseline"
down_revision = None
branch_labels = None
depends_on = None

Text = AutoString
Instant = UTCDateTime

FIRST_NUMBERS = {"SQ": 1000, "SO": 1000, "R": 1000}

# R18: table -> status -> the statuses that may follow it.
TRANSITIONS = {
    "quote": {"pending": ("accepted", "rejected", "expired")},
    "service_order": {"placed": ("processing",), "processing": ("completed", "failed")},
    "order_line": {
        "waiting": ("charging", "declined"),
        "charging": ("settled", "declined", "needs_customer", "unknown"),
        "needs_customer": ("settled", "declined"),
        "unknown": ("charging", "settled", "declined", "needs_customer"),
        "declined": ("charging",),
    },
}

# (trigger, table, event, condition under which the change is refused)
GUARDS = (
    (
        "audit_entry_no_update",
        "audit_entry",
        "UPDATE",
        # Only what people can be recognised by may be erased, all of it at once.
        "NOT (OLD.content_salt IS NOT NULL AND NEW.content_salt IS NULL AND NEW.reason IS NULL "
        "AND CAST(NEW.details AS TEXT) = '{}' "
        "AND coalesce(NEW.content_digest, '') = coalesce(OLD.content_digest, '') "
        "AND NEW.id = OLD.id AND NEW.account_id = OLD.account_id AND NEW.number = OLD.number "
        "AND NEW.at = OLD.at AND NEW.actor_kind = OLD.actor_kind "
        "AND coalesce(NEW.person_id, '') = coalesce(OLD.person_id, '') "
        "AND NEW.source = OLD.source AND NEW.subject = OLD.subject AND NEW.action = OLD.action "
        "AND coalesce(NEW.from_status, '') = coalesce(OLD.from_status, '') "
        "AND coalesce(NEW.to_status, '') = coalesce(OLD.to_status, '') "
        "AND NEW.previous_hash = OLD.previous_hash AND NEW.hash = OLD.hash)",
    ),
    ("audit_entry_no_delete", "audit_entry", "DELETE", "1 = 1"),
    (
        "audit_person_no_update",
        "audit_person",
        "UPDATE",
        "NOT (OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.id = OLD.id)",
    ),
    ("audit_person_no_delete", "audit_person", "DELETE", "1 = 1"),
    ("audit_chain_tip_no_delete", "audit_chain_tip", "DELETE", "1 = 1"),
    (
        "audit_chain_tip_forward_only",
        "audit_chain_tip",
        "UPDATE",
        "NOT (NEW.account_id = OLD.account_id AND NEW.number = OLD.number + 1)",
    ),
    ("receipt_no_update", "receipt", "UPDATE", "1 = 1"),
    ("receipt_no_delete", "receipt", "DELETE", "1 = 1"),
)

# (trigger, table, condition that finds the row in the way). SQLite's INSERT OR REPLACE deletes that row
# without running a DELETE trigger.
SQLITE_REPLACE_GUARDS = (
    ("quote_no_replace", "quote", "id = NEW.id"),
    ("service_order_no_replace", "service_order", "id = NEW.id"),
    ("order_line_no_replace", "order_line", "id = NEW.id"),
    (
        "audit_entry_no_replace",
        "audit_entry",
        "id = NEW.id OR (account_id = NEW.account_id AND number = NEW.number)",
    ),
    (
        "audit_person_no_replace",
        "audit_person",
        "id = NEW.id OR (team_id = NEW.team_id AND user_id = NEW.user_id AND name = NEW.name "
        "AND email = NEW.email)",
    ),
    ("audit_chain_tip_no_replace", "audit_chain_tip", "account_id = NEW.account_id"),
    ("receipt_no_replace", "receipt", "id = NEW.id OR number = NEW.number OR order_id = NEW.order_id"),
)

# What a TRUNCATE of PostgreSQL may not empty.
POSTGRESQL_TRUNCATE_GUARDS = (("audit_entry_no_truncate", "audit_entry"),)

# In the order in which they are dropped: a table before those it refers to.
TABLES = (
    "ledger_charge",
    "ledger_seat_block",
    "ledger_subscription",
    "received_billing_event",
    "slack_oauth_states",
    "slack_installations",
    "slack_bots",
    "audit_chain_tip",
    "audit_entry",
    "audit_person",
    "refused_block",
    "account_change",
    "home_account",
    "home",
    "notification_preferences",
    "posted_message",
    "delivery_slot",
    "notice",
    "document_sequence",
    "receipt",
    "seat_assignment",
    "charge_attempt",
    "order_line",
    "service_order",
    "checkout",
    "cart_line",
    "cart",
    "quote_line",
    "quote",
    "payment_method",
    "seat_block",
    "subscription",
    "product",
    "slack_user",
    "billing_contact",
    "administrator",
    "account",
)


def upgrade() -> None:
    _create_accounts()
    _create_catalogue()
    _create_quotes()
    _create_orders()
    _create_notices()
    _create_homes()
    _create_audit()
    _create_installations()
    _create_billing()
    _insert_document_sequences()
    if op.get_bind().dialect.name == "sqlite":
        _create_sqlite_guards()
    else:
        _create_postgresql_guards()


def downgrade() -> None:
    # Its triggers go with a table; PostgreSQL's functions stay.
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in [guard[0] for guard in (*_list_guards(), *POSTGRESQL_TRUNCATE_GUARDS)]:
            op.execute(f"DROP FUNCTION {name}()")


def _string_enum(name: str, *values: str) -> sa.Enum:
    """A text column with a check constraint `ck_<table>_<name>`."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("slack_team", Text(), nullable=False),
        sa.Column("channel", Text(), nullable=True),
        sa.Column("channel_amounts", sa.Boolean(), nullable=False),
        sa.Column("currency", Text(), nullable=False),
        sa.Column("tax_rate", Text(), nullable=False),
        sa.Column("locale", Text(), nullable=False),
        sa.Column("time_zone", Text(), nullable=False),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.Column("self_service_reason", Text(), nullable=True),
        sa.Column("default_portal", _string_enum("portal", "corporate", "admin"), nullable=False),
        sa.Column("line1", Text(), nullable=False),
        sa.Column("line2", Text(), nullable=False),
        sa.Column("postal_code", Text(), nullable=False),
        sa.Column("city", Text(), nullable=False),
        sa.Column("state", Text(), nullable=False),
        sa.Column("country", Text(), nullable=False),
        sa.Column("home_country", Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("stripe_customer", Text(), nullable=True),
        sa.Column("refresh_due_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index("ix_account_refresh_due_at", "account", ["refresh_due_at"])
    op.create_index("ix_account_slack_team", "account", ["slack_team"])
    op.create_index("ix_account_stripe_customer", "account", ["stripe_customer"], unique=True)
    op.create_table(
        "administrator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("email", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_administrator_account_id_account")
        ),
        sa.UniqueConstraint("account_id", "email", name=op.f("uq_administrator_account_id_email")),
    )
    op.create_table(
        "billing_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("email", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("slack_user", Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_contact")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_billing_contact_account_id_account")
        ),
        sa.UniqueConstraint("account_id", "email", name=op.f("uq_billing_contact_account_id_email")),
    )
    op.create_index("ix_billing_contact_email", "billing_contact", ["email"])
    op.create_index("ix_billing_contact_slack_user", "billing_contact", ["slack_user"])
    op.create_table(
        "slack_user",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("home_team_id", Text(), nullable=False),
        sa.Column("enterprise_id", Text(), nullable=True),
        sa.Column("name", Text(), nullable=False),
        sa.Column("email", Text(), nullable=True),
        sa.Column("locale", Text(), nullable=True),
        sa.Column("time_zone", Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("is_stranger", sa.Boolean(), nullable=False),
        sa.Column("refreshed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_slack_user")),
    )
    op.create_index("ix_slack_user_email", "slack_user", ["email"])


def _create_catalogue() -> None:
    op.create_table(
        "product",
        sa.Column("id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("additional_seats", sa.Boolean(), nullable=False),
        sa.Column("reason", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("product_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("period", _string_enum("periodlength", "month", "year"), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.Column("self_service_reason", Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_subscription_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_subscription_product_id_product")
        ),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_subscription_period")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_subscription_seats")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_subscription_unit_price")),
    )
    op.create_index("ix_subscription_account_id", "subscription", ["account_id"])
    op.create_table(
        "seat_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_block")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_seat_block_subscription_id_subscription")
        ),
        sa.UniqueConstraint(
            "subscription_id", "unit_price", name=op.f("uq_seat_block_subscription_id_unit_price")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_seat_block_seats")),
    )
    op.create_table(
        "payment_method",
        sa.Column("id", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("brand", Text(), nullable=False),
        sa.Column("last4", Text(length=4), nullable=False),
        sa.Column("expiry_year", sa.Integer(), nullable=False),
        sa.Column("expiry_month", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_method")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_payment_method_account_id_account")
        ),
        sa.CheckConstraint("expiry_month BETWEEN 1 AND 12", name=op.f("ck_payment_method_expiry_month")),
        sa.CheckConstraint("length(last4) = 4", name=op.f("ck_payment_method_last4")),
    )
    op.create_index("ix_payment_method_account_id", "payment_method", ["account_id"])
    op.create_index(
        "uq_payment_method_default",
        "payment_method",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_default AND active"),
        postgresql_where=sa.text("is_default AND active"),
    )


def _create_quotes() -> None:
    op.create_table(
        "quote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column(
            "status",
            _string_enum("quotestatus", "pending", "accepted", "rejected", "expired"),
            nullable=False,
        ),
        sa.Column("created_externally", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("frozen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("currency", Text(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("recurring", sa.JSON(), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Text(), nullable=True),
        sa.Column("decided_externally", sa.Boolean(), nullable=False),
        sa.Column("reason", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quote_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_quote_contact_id_billing_contact")
        ),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["quote.id"], name=op.f("fk_quote_replaced_by_id_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_quote_number")),
        sa.CheckConstraint(
            "subtotal >= 0 AND tax >= 0 AND total = subtotal + tax", name=op.f("ck_quote_amounts")
        ),
        sa.CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_quote_decided")),
    )
    op.create_index("ix_quote_account_id", "quote", ["account_id"])
    op.create_index(
        "ix_quote_pending_account",
        "quote",
        ["account_id"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_quote_pending_expiry",
        "quote",
        ["expires_at"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("ix_quote_remind_at", "quote", ["remind_at"])
    op.create_table(
        "quote_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("product_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_before", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("period", _string_enum("periodlength", "month", "year"), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_line")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_quote_line_product_id_product")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id_quote")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_quote_line_subscription_id_subscription")
        ),
        sa.CheckConstraint(
            "unit_price >= 0 AND amount >= 0 AND tax >= 0", name=op.f("ck_quote_line_amounts")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_quote_line_seats")),
    )
    op.create_index("ix_quote_line_quote_id", "quote_line", ["quote_id"])
    op.create_table(
        "cart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.Column("replaceable_quote_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cart_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_cart_contact_id_billing_contact")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_cart_quote_id_quote")),
        sa.UniqueConstraint("account_id", "contact_id", name=op.f("uq_cart_account_id_contact_id")),
    )
    op.create_index("ix_cart_quote_id", "cart", ["quote_id"])
    op.create_table(
        "cart_line",
        sa.Column("cart_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cart_id", "subscription_id", name=op.f("pk_cart_line")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_cart_line_cart_id_cart")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_cart_line_subscription_id_subscription")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_cart_line_seats")),
    )
    op.create_table(
        "checkout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("form_values", sa.JSON(), nullable=False),
        sa.Column("is_saved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_checkout_contact_id_billing_contact")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_checkout_quote_id_quote")),
        sa.UniqueConstraint("quote_id", "contact_id", name=op.f("uq_checkout_quote_id_contact_id")),
    )


def _create_orders() -> None:
    op.create_table(
        "service_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            _string_enum("orderstatus", "placed", "processing", "completed", "failed"),
            nullable=False,
        ),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("payment_method_id", Text(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("retries_abandoned", sa.Boolean(), nullable=False),
        sa.Column("overdue_check_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_order")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_service_order_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["administrator.id"],
            name=op.f("fk_service_order_administrator_id_administrator"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_service_order_contact_id_billing_contact")
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"],
            ["payment_method.id"],
            name=op.f("fk_service_order_payment_method_id_payment_method"),
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_service_order_quote_id_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_service_order_number")),
        sa.UniqueConstraint("quote_id", name=op.f("uq_service_order_quote_id")),
        sa.CheckConstraint(
            "(status IN ('completed', 'failed')) = (finished_at IS NOT NULL)",
            name=op.f("ck_service_order_finished"),
        ),
    )
    op.create_index("ix_service_order_account", "service_order", ["account_id", "id"])
    op.create_index("ix_service_order_finished", "service_order", ["account_id", "finished_at"])
    op.create_index(
        "ix_service_order_open",
        "service_order",
        ["status", "placed_at"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_service_order_overdue_check_at", "service_order", ["overdue_check_at"])
    op.create_table(
        "order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("quote_line_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("period_ends_at", Instant(), nullable=False),
        sa.Column("payment_method_id", Text(), nullable=True),
        sa.Column(
            "status",
            _string_enum(
                "linestatus", "waiting", "charging", "settled", "declined", "needs_customer", "unknown"
            ),
            nullable=False,
        ),
        sa.Column("reason", Text(), nullable=True),
        sa.Column("customer_link", Text(), nullable=True),
        sa.Column("deadline_at", Instant(), nullable=True),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("offered_amount", sa.BigInteger(), nullable=True),
        sa.Column("offered_tax", sa.BigInteger(), nullable=True),
        sa.Column("provider_receipt_id", Text(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("woken_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_order_line_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"],
            ["payment_method.id"],
            name=op.f("fk_order_line_payment_method_id_payment_method"),
        ),
        sa.ForeignKeyConstraint(
            ["quote_line_id"], ["quote_line.id"], name=op.f("fk_order_line_quote_line_id_quote_line")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_order_line_subscription_id_subscription")
        ),
        sa.UniqueConstraint("quote_line_id", name=op.f("uq_order_line_quote_line_id")),
        sa.CheckConstraint("amount >= 0 AND tax >= 0", name=op.f("ck_order_line_amounts")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_order_line_seats")),
        sa.CheckConstraint(
            "(status = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_order_line_settled")
        ),
    )
    op.create_index(
        "ix_order_line_due",
        "order_line",
        ["order_id", "id"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_order_line_order_id", "order_line", ["order_id"])
    op.create_index("ix_order_line_remind_at", "order_line", ["remind_at"])
    op.create_index("ix_order_line_subscription", "order_line", ["subscription_id", "settled_at"])
    op.create_index(
        "uq_order_line_busy_subscription",
        "order_line",
        ["subscription_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('charging', 'needs_customer', 'unknown')"),
        postgresql_where=sa.text("status IN ('charging', 'needs_customer', 'unknown')"),
    )
    op.create_table(
        "charge_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", Text(), nullable=False),
        sa.Column("payment_method_id", Text(), nullable=False),
        sa.Column("expected_seats", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column(
            "outcome", _string_enum("attemptoutcome", "settled", "declined", "seats_changed"), nullable=True
        ),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_attempt")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_charge_attempt_order_line_id_order_line")
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"],
            ["payment_method.id"],
            name=op.f("fk_charge_attempt_payment_method_id_payment_method"),
        ),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_charge_attempt_idempotency_key")),
        sa.UniqueConstraint("order_line_id", "number", name=op.f("uq_charge_attempt_order_line_id_number")),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_charge_attempt_ended")),
        sa.CheckConstraint("expected_seats >= 0", name=op.f("ck_charge_attempt_expected_seats")),
    )
    op.create_index("ix_charge_attempt_order_line_id", "charge_attempt", ["order_line_id"])
    op.create_index(
        "uq_charge_attempt_open",
        "charge_attempt",
        ["order_line_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(
        "uq_charge_attempt_settled",
        "charge_attempt",
        ["order_line_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'settled'"),
        postgresql_where=sa.text("outcome = 'settled'"),
    )
    op.create_table(
        "seat_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("administrator_id", sa.Integer(), nullable=False),
        sa.Column("product_id", Text(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_assignment")),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["administrator.id"],
            name=op.f("fk_seat_assignment_administrator_id_administrator"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_seat_assignment_order_line_id_order_line")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_seat_assignment_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_seat_assignment_subscription_id_subscription"),
        ),
        sa.UniqueConstraint(
            "administrator_id", "product_id", name=op.f("uq_seat_assignment_administrator_id_product_id")
        ),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_seat_assignment_order_line_id")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", Text(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("buyer", Text(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_receipt_account_id_account")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_receipt_order_id_service_order")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_receipt_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_receipt_order_id")),
        sa.CheckConstraint(
            "subtotal >= 0 AND tax >= 0 AND total = subtotal + tax", name=op.f("ck_receipt_amounts")
        ),
    )
    op.create_index("ix_receipt_account", "receipt", ["account_id", "id"])
    op.create_table(
        "document_sequence",
        sa.Column("prefix", Text(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_document_sequence")),
    )


def _create_notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("team", Text(), nullable=False),
        sa.Column("destination", Text(), nullable=False),
        sa.Column(
            "kind",
            _string_enum(
                "noticekind",
                "order_status",
                "order_history",
                "order_placed",
                "order_waits",
                "order_declined",
                "order_needs_customer",
                "order_failed",
                "order_overdue",
                "receipt",
                "receipt_mail",
                "quote_arrived",
                "quote_reminder",
                "quote_decided",
                "quote_card",
                "portal_changed",
                "channel_unreachable",
                "receipt_file",
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column(
            "status", _string_enum("noticestatus", "waiting", "delivered", "undeliverable"), nullable=False
        ),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("digest_at", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", Text(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_account_id_account")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_notice_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_notice_quote_id_quote")),
        sa.UniqueConstraint("event", name=op.f("uq_notice_event")),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_notice_delivered")
        ),
    )
    op.create_index("ix_notice_account_id", "notice", ["account_id"])
    op.create_index(
        "ix_notice_waiting",
        "notice",
        ["due_at", "id"],
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_notice_waiting_destination",
        "notice",
        ["destination", "id"],
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "delivery_slot",
        sa.Column("destination", Text(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_delivery_slot")),
    )
    op.create_table(
        "posted_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team", Text(), nullable=False),
        sa.Column("channel", Text(), nullable=False),
        sa.Column("ts", Text(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("quote_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posted_message")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["billing_contact.id"], name=op.f("fk_posted_message_contact_id_billing_contact")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_posted_message_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_posted_message_quote_id_quote")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_posted_message_channel_ts")),
        sa.UniqueConstraint("order_id", "channel", name=op.f("uq_posted_message_order_id_channel")),
    )
    op.create_index("ix_posted_message_quote_id", "posted_message", ["quote_id"])
    op.create_table(
        "notification_preferences",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("disabled_topics", sa.JSON(), nullable=False),
        sa.Column("daily_digest", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_notification_preferences")),
    )


def _create_homes() -> None:
    op.create_table(
        "home",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_home")),
    )
    op.create_index("ix_home_due_at", "home", ["due_at"])
    op.create_table(
        "home_account",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("user_id", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", "account_id", name=op.f("pk_home_account")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_home_account_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"],
            ["home.team_id", "home.user_id"],
            name=op.f("fk_home_account_team_id_user_id_home"),
        ),
    )
    op.create_index("ix_home_account_account_id", "home_account", ["account_id"])
    op.create_table(
        "account_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_change")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_change_account_id_account")
        ),
    )
    op.create_table(
        "refused_block",
        sa.Column("team_id", Text(), nullable=False),
        sa.Column("surface", Text(), nullable=False),
        sa.Column("block_type", Text(), nullable=False),
        sa.Column("refused_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "surface", "block_type", name=op.f("pk_refused_block")),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_person",
        sa.Column("id", Text(), nullable=False),
        sa.Column("salt", Text(), nullable=True),
        sa.Column("team_id", Text(), nullable=True),
        sa.Column("user_id", Text(), nullable=True),
        sa.Column("name", Text(), nullable=True),
        sa.Column("email", Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_person")),
        sa.UniqueConstraint(
            "team_id", "user_id", "name", "email", name=op.f("uq_audit_person_team_id_user_id_name_email")
        ),
        sa.CheckConstraint(
            "(salt IS NULL) = (team_id IS NULL) AND (salt IS NULL) = (user_id IS NULL) "
            "AND (salt IS NULL) = (name IS NULL) AND (salt IS NULL) = (email IS NULL)",
            name=op.f("ck_audit_person_erased_as_a_whole"),
        ),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_kind", Text(), nullable=False),
        sa.Column("person_id", Text(), nullable=True),
        sa.Column("source", Text(), nullable=False),
        sa.Column("subject", Text(), nullable=False),
        sa.Column("action", Text(), nullable=False),
        sa.Column("from_status", Text(), nullable=True),
        sa.Column("to_status", Text(), nullable=True),
        sa.Column("reason", Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("content_salt", Text(), nullable=True),
        sa.Column("content_digest", Text(), nullable=True),
        sa.Column("previous_hash", Text(), nullable=False),
        sa.Column("hash", Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_audit_entry_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["audit_person.id"], name=op.f("fk_audit_entry_person_id_audit_person")
        ),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_audit_entry_account_id_number")),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject"])
    op.create_table(
        "audit_chain_tip",
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_audit_chain_tip")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_audit_chain_tip_account_id_account")
        ),
    )


def _create_installations() -> None:
    op.create_table(
        "slack_bots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(32), nullable=True),
        sa.Column("bot_user_id", sa.String(32), nullable=True),
        sa.Column("bot_scopes", sa.String(1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_bots")),
    )
    op.create_index("slack_bots_idx", "slack_bots", ["client_id", "enterprise_id", "team_id", "installed_at"])
    op.create_table(
        "slack_installations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(32), nullable=True),
        sa.Column("bot_user_id", sa.String(32), nullable=True),
        sa.Column("bot_scopes", sa.String(1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.Column("enterprise_url", sa.String(200), nullable=True),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("user_token", sa.Text(), nullable=True),
        sa.Column("user_scopes", sa.String(1000), nullable=True),
        sa.Column("user_refresh_token", sa.Text(), nullable=True),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("incoming_webhook_url", sa.Text(), nullable=True),
        sa.Column("incoming_webhook_channel", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_channel_id", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_configuration_url", sa.String(200), nullable=True),
        sa.Column("token_type", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_installations")),
    )
    op.create_index(
        "slack_installations_idx",
        "slack_installations",
        ["client_id", "enterprise_id", "team_id", "user_id", "installed_at"],
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(200), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_oauth_states")),
    )
    op.create_index("ix_slack_oauth_states_expire_at", "slack_oauth_states", ["expire_at"])
    op.create_index("slack_oauth_states_idx", "slack_oauth_states", ["state"], unique=True)


def _create_billing() -> None:
    op.create_table(
        "received_billing_event",
        sa.Column("id", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_billing_event")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_received_billing_event_account_id_account")
        ),
    )
    op.create_index("ix_received_billing_event_received_at", "received_billing_event", ["received_at"])
    op.create_table(
        "ledger_subscription",
        sa.Column("id", Text(), nullable=False),
        sa.Column("account_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("period", _string_enum("periodlength", "month", "year"), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("anchor_day", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_subscription")),
        sa.CheckConstraint("seats >= 0 AND unit_price >= 0", name=op.f("ck_ledger_subscription_amounts")),
    )
    op.create_index("ix_ledger_subscription_account_id", "ledger_subscription", ["account_id"])
    op.create_table(
        "ledger_seat_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seat_block")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["ledger_subscription.id"],
            name=op.f("fk_ledger_seat_block_subscription_id_ledger_subscription"),
        ),
        sa.UniqueConstraint(
            "subscription_id", "unit_price", name=op.f("uq_ledger_seat_block_subscription_id_unit_price")
        ),
        sa.CheckConstraint("seats > 0 AND unit_price >= 0", name=op.f("ck_ledger_seat_block_amounts")),
    )
    op.create_table(
        "ledger_charge",
        sa.Column("idempotency_key", Text(), nullable=False),
        sa.Column("subscription_id", Text(), nullable=False),
        sa.Column("payment_method_id", Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            _string_enum("chargestatus", "pending", "needs_customer", "settled", "declined"),
            nullable=False,
        ),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deadline_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_ledger_charge")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["ledger_subscription.id"],
            name=op.f("fk_ledger_charge_subscription_id_ledger_subscription"),
        ),
        sa.CheckConstraint("amount >= 0 AND tax >= 0 AND seats > 0", name=op.f("ck_ledger_charge_amounts")),
    )
    op.create_index(
        "ix_ledger_charge_undecided",
        "ledger_charge",
        ["subscription_id"],
        sqlite_where=sa.text("status IN ('pending', 'needs_customer')"),
        postgresql_where=sa.text("status IN ('pending', 'needs_customer')"),
    )


def _insert_document_sequences() -> None:
    for prefix, last_number in FIRST_NUMBERS.items():
        op.execute(f"INSERT INTO document_sequence (prefix, last_number) VALUES ('{prefix}', {last_number})")


def _list_guards() -> list[tuple[str, str, str, str]]:
    transitions = [
        (f"{table}_transition", table, "UPDATE", f"NOT ({_allow_transitions(followers)})")
        for table, followers in TRANSITIONS.items()
    ]
    return [*transitions, *GUARDS]


def _allow_transitions(followers: dict[str, tuple[str, ...]]) -> str:
    pairs = [
        f"(OLD.status = '{before}' AND NEW.status = '{after}')"
        for before, afters in followers.items()
        for after in afters
    ]
    return " OR ".join(["OLD.status = NEW.status", *pairs])


def _create_sqlite_guards() -> None:
    for name, table, event, condition in _list_guards():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    for name, table, condition in SQLITE_REPLACE_GUARDS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {condition}) "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _create_postgresql_guards() -> None:
    for name, table, event, condition in _list_guards():
        _create_refusing_function(name)
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW "
            f"WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )
    for name, table in POSTGRESQL_TRUNCATE_GUARDS:
        _create_refusing_function(name)
        op.execute(
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _create_refusing_function(name: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
