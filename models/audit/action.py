"""What an audit entry says happened to its subject."""

from enum import StrEnum


class AuditAction(StrEnum):
    # An account and its subscriptions, changed outside the bot.
    ADDED = "added"
    CLOSED = "closed"
    ENDED = "ended"
    IMPORTED = "imported"
    OVERWRITTEN = "overwritten"
    PRODUCT_CHANGED = "product_changed"
    REOPENED = "reopened"
    SEATS_CHANGED = "seats_changed"
    UPDATED = "updated"
    # An account's people and settings.
    CONTACT_INVITED = "contact_invited"
    CONTACT_INVITATION_ACCEPTED = "contact_invitation_accepted"
    CONTACT_INVITATION_CANCELLED = "contact_invitation_cancelled"
    CONTACT_INVITATION_DECLINED = "contact_invitation_declined"
    CONTACT_INVITATION_LAPSED = "contact_invitation_lapsed"
    CONTACT_WITHDRAWN = "contact_withdrawn"
    PERSON_ERASED = "person_erased"
    PORTAL_SWITCHED = "portal_switched"
    # The document numbers that a restored database skips.
    NUMBERS_SKIPPED = "numbers_skipped"
    # A cart.
    CONSENTED_TO_REPLACE = "consented_to_replace"
    # A quote.
    MADE = "made"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REPLACED = "replaced"
    EXTENSION_REQUESTED = "extension_requested"
    EXTENSION_MOVED = "extension_moved"
    EXTENSION_DECLINED = "extension_declined"
    EXTENDED = "extended"
    # An order: its own status, that of a line or of an invoice, and what else happened to it.
    PLACED = "placed"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    LINE = "line"
    INVOICE = "invoice"
    SEAT_ASSIGNED = "seat_assigned"
    RETRIED = "retried"
    GIVEN_UP = "given_up"
    OVERDUE = "overdue"
