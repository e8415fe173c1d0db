"""Imports every table, so that the metadata is complete."""

from sqlmodel import SQLModel

import models.account
import models.account.administrator
import models.account.billing_contact
import models.account.contact_invitation
import models.account.seat_assignment
import models.audit.entry
import models.billing_event
import models.cart
import models.checkout
import models.database_identity
import models.document_sequence
import models.home
import models.installation
import models.invoice
import models.ledger
import models.notice
import models.notice.notification_preferences
import models.payment_method
import models.product
import models.quote
import models.quote.extension
import models.receipt
import models.receipt_export
import models.schema_support
import models.service_order
import models.service_order.order_screen
import models.slack_user
import models.subscription  # noqa: F401

metadata = SQLModel.metadata
