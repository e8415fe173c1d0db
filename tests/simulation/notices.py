"""Invariants of notices: none without its event, none missing, and each destination's in order."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.audit.entry import AuditEntry
from tests.simulation.snapshot import DatabaseSnapshot, Row, parse_instant

if TYPE_CHECKING:
    from tests.simulation.invariants import InvariantChecker

RETRY_TIME = timedelta(hours=23)
OVERDUE_AFTER = timedelta(hours=24)
# By kind, the entries of the history (action, status) of which its order, quote or account must have one.
REQUIRED_HISTORY_BY_KIND: dict[str, tuple[tuple[str, str | None], ...]] = {
    "order_placed": (("placed", "placed"),),
    "order_status": (("placed", "placed"),),
    "order_history": (("placed", "placed"),),
    "order_waits": (("placed", "placed"),),
    "order_declined": (("line", "declined"),),
    "order_needs_customer": (("line", "needs_customer"),),
    "order_failed": (("failed", "failed"),),
    "order_overdue": (("overdue", None),),
    "order_messages": (("placed", "placed"),),
    "invoice_overdue": (("invoice", "overdue"),),
    "invoice_paid": (("invoice", "paid"),),
    "invoice_cancelled": (("invoice", "void"), ("invoice", "uncollectible")),
    "receipt": (("completed", "completed"),),
    "receipt_file": (("completed", "completed"),),
    "receipt_mail": (("completed", "completed"),),
    "quote_arrived": (("imported", "pending"),),
    "quote_reminder": (("imported", "pending"), ("made", "pending")),
    "quote_card": (("imported", "pending"), ("made", "pending")),
    "quote_decided": tuple(
        (action, status)
        for status in ("accepted", "rejected", "expired")
        for action in (status, "replaced", "imported")
    ),
    "receipt_export": (),
    "quote_requested": (("imported", "pending"), ("imported", "rejected"), ("made", "pending")),
    "quote_file": (("imported", "pending"), ("imported", "rejected"), ("made", "pending")),
    "quote_extension_requested": (("extension_requested", None), ("extension_moved", None)),
    "quote_extension_card": (("extension_requested", None), ("extension_moved", None)),
    "quote_extension_decided": (("extended", None), ("extension_declined", None)),
    "quote_extension_undelivered": (("extension_requested", None), ("extension_moved", None)),
    "contact_invited": (("contact_invited", None),),
    "contact_invitation_card": (("contact_invited", None),),
    "contacts_changed": (("contact_invited", None), ("contact_withdrawn", None)),
    "contact_withdrawn": (("contact_withdrawn", None),),
    "portal_changed": (("portal_switched", "admin"),),
    "channel_unreachable": (),
}
# An invoice may be written off first and cancelled later.
INVOICE_STATUSES_BY_KIND = {
    "invoice_overdue": {"overdue"},
    "invoice_paid": {"paid"},
    "invoice_cancelled": {"void", "uncollectible"},
}
# By entry of the history (action, status), the kind of notice stored with it.
REPORTED_CHANGES = {
    ("placed", "placed"): "order_placed",
    ("line", "needs_customer"): "order_needs_customer",
    ("completed", "completed"): "receipt_mail",
    ("failed", "failed"): "order_failed",
    ("overdue", None): "order_overdue",
    ("invoice", "overdue"): "invoice_overdue",
    ("invoice", "void"): "invoice_cancelled",
    ("invoice", "uncollectible"): "invoice_cancelled",
    ("imported", "pending"): "quote_arrived",
    ("extension_requested", None): "quote_extension_requested",
    ("extended", None): "quote_extension_decided",
    ("extension_declined", None): "quote_extension_decided",
    ("contact_invited", None): "contact_invited",
}


def notices_are_true(
    checker: "InvariantChecker", before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Iterator[str]:
    """R24: no notice without its event."""
    for key, notice in now["notice"].items():
        if key not in before["notice"] and not _is_true(checker, now, notice):
            yield f"{notice['kind']} {notice['event']}"


def _is_true(checker: "InvariantChecker", now: DatabaseSnapshot, notice: Row) -> bool:
    required = REQUIRED_HISTORY_BY_KIND[notice["kind"]]
    return not required or any((_get_subject(now, notice), *entry) in checker.facts for entry in required)


def _get_subject(now: DatabaseSnapshot, notice: Row) -> str:
    if notice["order_id"] is not None:
        return f"service_order:{now['service_order'][notice['order_id']]['number']}"
    if notice["quote_id"] is not None:
        return f"quote:{now['quote'][notice['quote_id']]['number']}"
    return f"account:{notice['account_id']}"


def changes_are_notified(
    checker: "InvariantChecker", before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Iterator[str]:
    """R24: every change is announced by a notice committed with it."""
    if not now.new_entries:
        return
    new = [notice for key, notice in now["notice"].items() if key not in before["notice"]]
    announced = {(_get_subject(now, notice), notice["kind"]) for notice in new}
    for entry in now.new_entries:
        kind = REPORTED_CHANGES.get((entry.action, entry.to_status))
        if kind and (entry.subject, kind) not in announced:
            yield f"{entry.subject} {entry.action} {entry.to_status}: no {kind}"
        is_paid_later = entry.action == "invoice" and entry.to_status == "paid" and entry.from_status
        if is_paid_later and (entry.subject, "invoice_paid") not in announced:
            # An invoice that is paid immediately needs only the confirmation of the order.
            yield f"{entry.subject}: its invoice was paid, and nobody is notified"
        declined = entry.action == "line" and entry.to_status == "declined"
        if declined and _can_be_retried(now, entry) and (entry.subject, "order_declined") not in announced:
            yield f"{entry.subject} was declined, and nobody is notified"
        is_decided = entry.to_status in ("accepted", "rejected", "expired") and entry.action != "imported"
        if is_decided and entry.subject.startswith("quote:"):
            yield from _find_unnotified_decisions(now, entry, new)
        if entry.action == "completed":
            yield from _find_wrong_receipt_recipients(now, entry, new)


def _can_be_retried(now: DatabaseSnapshot, entry: AuditEntry) -> bool:
    [order] = now.where("service_order", number=entry.subject.removeprefix("service_order:"))
    lines = now.where("order_line", order_id=order["id"], subscription_id=entry.details["subscription"])
    ends = min(
        parse_instant(order["placed_at"]) + RETRY_TIME,
        *(parse_instant(line["period_ends_at"]) for line in lines),
    )
    return entry.at < ends and not order["retries_abandoned"]


def _find_unnotified_decisions(now: DatabaseSnapshot, entry: AuditEntry, new: list[Row]) -> Iterator[str]:
    """R13, R20: the person who had the quote is notified of who decided, unless they did it themselves."""
    [quote] = now.where("quote", number=entry.subject.removeprefix("quote:"))
    contacts = now.where("billing_contact", account_id=entry.account_id, active=1)
    people = [c for c in contacts if c["id"] == quote["contact_id"]] or contacts
    for person in people:
        to = f"contact:{person['id']}"
        is_notified = any(
            n["kind"] == "quote_decided" and n["quote_id"] == quote["id"] and n["destination"] == to
            for n in new
        )
        if not is_notified and person["name"] != entry.actor_name:
            yield f"{entry.subject} {entry.action}, and {person['name']} is not notified"


def _find_wrong_receipt_recipients(now: DatabaseSnapshot, entry: AuditEntry, new: list[Row]) -> Iterator[str]:
    """R13: to the person who placed the order; to all if they lost the role or the quote was for all."""
    [order] = now.where("service_order", number=entry.subject.removeprefix("service_order:"))
    contacts = now.where("billing_contact", account_id=entry.account_id, active=1)
    placed = [c for c in contacts if c["id"] == order["contact_id"]]
    if not placed or now["quote"][order["quote_id"]]["created_externally"]:
        placed = contacts
    mailed = {n["destination"] for n in new if n["kind"] == "receipt_mail" and n["order_id"] == order["id"]}
    if mailed != {f"email:{c['id']}" for c in placed}:
        yield f"the receipt of {order['number']} goes to {sorted(mailed)}"


def invoices_are_announced_once(
    checker: "InvariantChecker", before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Iterator[str]:
    """Each person is notified once that an invoice is overdue, written off or cancelled, or paid, but not if
    it was paid from the start, and never of a status that it did not have."""
    counts = Counter(
        (json.loads(notice["payload"])["invoice_id"], notice["kind"], notice["destination"])
        for notice in now["notice"].values()
        if notice["kind"] in INVOICE_STATUSES_BY_KIND
    )
    for (invoice_id, kind, destination), count in counts.items():
        invoice = now["invoice"][invoice_id]
        statuses = checker.invoice_statuses[invoice["number"]] & INVOICE_STATUSES_BY_KIND[kind]
        if count > len(statuses):
            yield f"{kind} of {invoice['number']} to {destination}: {count} times, and it became {statuses}"


def notices_are_in_order(
    checker: "InvariantChecker", before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Iterator[str]:
    """R24: each destination gets the oldest first; delivered notices stay delivered. A notice that is stored
    ahead, such as a reminder, is ordered by its due time."""
    waiting: dict[str, list[Row]] = defaultdict(list)
    for notice in now["notice"].values():
        if notice["status"] == "waiting" and is_due(notice, checker.world.clock()):
            waiting[notice["destination"]].append(notice)
    for key, notice in now["notice"].items():
        old = before["notice"].get(key)
        if old is None or old["status"] == notice["status"]:
            continue
        if old["status"] != "waiting":
            yield f"notice {key}: {old['status']} → {notice['status']}"
        before_it = [n for n in waiting[notice["destination"]] if n["due_at"] <= old["due_at"]]
        candidates = [each for each in before_it if each["id"] < key]
        older = [each["id"] for each in candidates if not _may_come_later(checker, each)]
        if older and not _is_shown_by_older(before, now, notice):
            yield f"notice {key} to {notice['destination']} came before {older}"
        if notice["status"] == "undeliverable" and not notice["last_error"]:
            yield f"notice {key} is undeliverable without a reason"


def _may_come_later(checker: "InvariantChecker", notice: Row) -> bool:
    """An edit shows the current state whenever it is made: one that had nothing to edit may come later. So
    may a status that was shown after it was due, for an earlier notice that another worker had
    delivered meanwhile: it is edited again."""
    if notice["kind"] != "order_status":
        return bool(notice["kind"] == "order_messages")
    return any(
        post.at > parse_instant(notice["due_at"])
        and post.message.kind.value == notice["kind"]
        and post.message.order is not None
        and post.message.order.order.id == notice["order_id"]
        and notice["destination"] == f"channel:{post.message.channel}"
        for post in checker.world.slack.posts
    )


def undeliverable_notices_fall_back(
    checker: "InvariantChecker", before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Iterator[str]:
    """R24: from the channel to its contacts, and from a contact to their email; with the same event."""
    events = {notice["event"] for notice in now["notice"].values()}
    for key, notice in now["notice"].items():
        old = before["notice"].get(key)
        if old is None or old["status"] == "undeliverable" or notice["status"] != "undeliverable":
            continue
        if notice["last_error"] == "contact withdrawn" or notice["kind"] == "quote_card":
            continue
        event, destination = notice["event"].rsplit(">", 1)
        kind, _, id_ = destination.partition(":")
        people = [c["id"] for c in now.where("billing_contact", account_id=notice["account_id"], active=1)]
        if (
            kind == "channel"
            and people
            and not any(f"{event}>contact:{person}" in events for person in people)
        ):
            yield f"notice {key} goes to nobody instead of the channel"
        is_mailed = notice["kind"] in ("receipt", "receipt_file") and not _is_requested(notice)
        if kind in ("contact", "file") and not is_mailed and f"{event}>email:{id_}" not in events:
            yield f"notice {key} is not emailed instead"


def _is_requested(notice: Row) -> bool:
    return bool(json.loads(notice["payload"]).get("requested"))


def _is_shown_by_older(before: DatabaseSnapshot, now: DatabaseSnapshot, notice: Row) -> bool:
    """R25: a status message shows all that was stored before it was rendered, and is delivered with it."""
    same = {"kind": "order_status", "order_id": notice["order_id"], "destination": notice["destination"]}
    return notice["kind"] == "order_status" and any(
        older["id"] < notice["id"]
        and older["status"] == "delivered"
        and older["id"] in before["notice"]
        and before["notice"][older["id"]]["status"] == "waiting"
        for older in now.where("notice", **same)
    )


def is_due(notice: Row, at: datetime) -> bool:
    return parse_instant(notice["due_at"]) <= at
