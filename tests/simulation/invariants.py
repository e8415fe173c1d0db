"""What must hold after every commit, whatever went wrong before it. Each invariant yields its violations."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

from models.audit.entry import GENESIS_HASH, AuditEntry
from tests.simulation.notices import (
    changes_are_notified,
    invoices_are_announced_once,
    notices_are_in_order,
    notices_are_true,
    undeliverable_notices_fall_back,
)
from tests.simulation.slack import SERVICES_MEMBER
from tests.simulation.snapshot import DatabaseSnapshot, Row, parse_instant, read_snapshot
from tests.simulation.world import SimulatedWorld

# The status transitions of the rules, written independently of the product.
TRANSITIONS = {
    "quote": {"pending": {"accepted", "rejected", "expired"}},
    "service_order": {"placed": {"processing"}, "processing": {"completed", "failed"}},
    "order_line": {
        "waiting": {"charging", "declined"},
        "charging": {"settled", "declined", "needs_customer", "unknown"},
        "needs_customer": {"settled", "declined"},
        "unknown": {"charging", "settled", "declined", "needs_customer"},
        "declined": {"charging"},
    },
    "quote_extension": {"requested": {"approved", "declined"}},
    "contact_invitation": {"pending": {"accepted", "declined", "cancelled", "lapsed"}},
    "invoice": {
        "due": {"overdue", "uncollectible", "paid", "void"},
        "overdue": {"uncollectible", "paid", "void"},
        "uncollectible": {"paid", "void"},
    },
}
INITIAL_STATUSES = {
    "quote": {"pending"},
    "service_order": {"placed"},
    "order_line": {"waiting"},
    "quote_extension": {"requested"},
    "contact_invitation": {"pending"},
    "invoice": {"due", "paid"},
}
BUSY_STATUSES = ("charging", "needs_customer", "unknown")
RETRY_TIME = timedelta(hours=23)

Found = Iterator[str]
Invariant = Callable[["InvariantChecker", DatabaseSnapshot, DatabaseSnapshot], Found]


class InvariantChecker:
    """Compares the database after every commit with the one before."""

    def __init__(self, world: SimulatedWorld) -> None:
        self.world = world
        self.provider = world.provider_state
        self.checks = 0
        # Subject, action and status of every entry of the history so far.
        self.facts: set[tuple[str, str, str | None]] = set()
        # The statuses that each invoice, by its number, has had since it was stored.
        self.invoice_statuses: dict[str, set[str]] = defaultdict(set)
        self.last_entries: dict[str, AuditEntry] = {}
        self._seen = (-1, -1)
        self._last_id = 0
        self._before = self._read_snapshot()
        self._remember_entries(self._before)

    def find_violations(self) -> list[str]:
        """Empty if nothing has changed since the last call."""
        seen = (self.world.store.raw.total_changes, self.provider.change_count)
        if seen == self._seen:
            return []
        self._seen = seen
        self.checks += 1
        now = self._read_snapshot()
        found = [
            f"{check.__name__}: {what}" for check in INVARIANTS for what in check(self, self._before, now)
        ]
        self._remember_entries(now)
        self._before = now
        return found

    def _read_snapshot(self) -> DatabaseSnapshot:
        snapshot = read_snapshot(self.world.store, self._last_id)
        if snapshot.new_entries:
            self._last_id = snapshot.new_entries[-1].id or 0
        self.facts |= {(e.subject, e.action, e.to_status) for e in snapshot.new_entries}
        for entry in snapshot.new_entries:
            if entry.action == "invoice" and entry.from_status and entry.to_status:
                self.invoice_statuses[entry.details["invoice"]].add(entry.to_status)
        return snapshot

    def _remember_entries(self, snapshot: DatabaseSnapshot) -> None:
        for entry in snapshot.new_entries:
            self.last_entries[entry.account_id] = entry


def history_is_unbroken(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    last = dict(checker.last_entries)
    for entry in now.new_entries:
        previous = last.get(entry.account_id)
        number, sealed = (previous.number + 1, previous.hash) if previous else (1, GENESIS_HASH)
        if (entry.number, entry.previous_hash, entry.hash) != (number, sealed, entry.compute_hash()):
            yield f"entry {entry.number} of {entry.account_id}, after {number - 1}"
        last[entry.account_id] = entry


def statuses_follow_the_rules(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R18. Two transitions may be committed together if the history has both."""
    written = {entry.to_status for entry in now.new_entries}
    for table, rules in TRANSITIONS.items():
        reachable = {
            start: {end for middle in ends & written for end in rules.get(middle or "", set())} | ends
            for start, ends in rules.items()
        }
        for key, row in now[table].items():
            old = before[table].get(key)
            if old is None:
                if row["status"] not in INITIAL_STATUSES[table] and not _is_imported_quote(table, row):
                    yield f"{table} {key} began as {row['status']}"
            elif old["status"] != row["status"] and row["status"] not in reachable.get(old["status"], ()):
                yield f"{table} {key}: {old['status']} → {row['status']}"


def _is_imported_quote(table: str, row: Row) -> bool:
    """Such a quote may already be closed."""
    return table == "quote" and bool(row["created_externally"])


def changes_are_recorded(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    """R18: each status change has its entry in the history, committed with it."""
    written = {(e.subject, e.to_status) for e in now.new_entries}
    numbers = {key: row["number"] for key, row in now["service_order"].items()}
    orders_by_line = {key: line["order_id"] for key, line in now["order_line"].items()}
    for key, invoice in now["invoice"].items():
        old = before["invoice"].get(key)
        subject = f"service_order:{numbers[orders_by_line[invoice['order_line_id']]]}"
        has_changed = old is None or old["status"] != invoice["status"]
        if has_changed and (subject, invoice["status"]) not in written:
            yield f"invoice {invoice['number']} became {invoice['status']} without an entry"
    for table, subject in (("quote", "quote"), ("service_order", "service_order"), ("order_line", "")):
        for key, row in now[table].items():
            old = before[table].get(key)
            if (old is not None and old["status"] == row["status"]) or (
                old is None and table == "order_line"
            ):
                continue
            name = f"{subject}:{row['number']}" if subject else f"service_order:{numbers[row['order_id']]}"
            if (name, row["status"]) not in written:
                yield f"{table} {key} became {row['status']} without an entry"


def only_contacts_changed_anything(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R1, R5: according to the roles before the change and to the person's profile of at most an hour ago.
    Only accepting an invitation gives the role in the same change."""
    for entry in now.new_entries:
        roles = now if entry.action == "contact_invitation_accepted" else before
        if entry.actor_kind == "contact" and not _may_change(checker, roles, entry):
            yield f"{entry.actor_name} ({entry.person_id}): {entry.subject} {entry.action}"


def _may_change(checker: InvariantChecker, roles: DatabaseSnapshot, entry: AuditEntry) -> bool:
    assert entry.person is not None, "a contact is a person"
    team, user = entry.person.team_id, entry.person.user_id
    assert user is not None, "no person is erased here"
    known = checker.world.slack.was_known_as_member
    return any(
        (contact["slack_user"] == user and known(user, None, entry.at))
        or (contact["slack_user"] is None and known(user, contact["email"], entry.at))
        for contact in roles.where("billing_contact", account_id=entry.account_id, active=1)
        if team
    )


def only_account_services_decide_extensions(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R9: only members of their channel do."""
    for entry in now.new_entries:
        user = entry.person.user_id if entry.person else None
        is_decision = entry.action in ("extended", "extension_declined")
        if is_decision != (entry.actor_kind == "services") or (is_decision and user != SERVICES_MEMBER):
            yield f"{entry.actor_name} ({entry.person_id}): {entry.subject} {entry.action}"


def accounts_keep_a_contact(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R1: nobody else could invite one. A removed contact returns only by an invitation or an operator."""
    for account in now["account"]:
        if not now.where("billing_contact", account_id=account, active=1):
            yield f"{account} has no contact"
    accepted = any(entry.action == "contact_invitation_accepted" for entry in now.new_entries)
    imported = any(entry.actor_kind == "operator" for entry in now.new_entries)
    for key, contact in now["billing_contact"].items():
        old = before["billing_contact"].get(key)
        if old and contact["active"] and old["withdrawn_at"] and not accepted and not imported:
            yield f"{contact['name']} was withdrawn, and has the role again"


def extensions_move_the_expiry_once(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R9: nothing but an approved request moves the end of a quote."""
    for key, quote in now["quote"].items():
        old = before["quote"].get(key)
        if old is None or quote["created_externally"] or old["expires_at"] == quote["expires_at"]:
            continue
        subject = f"quote:{quote['number']}"
        extended = [e for e in now.new_entries if (e.subject, e.action) == (subject, "extended")]
        approved = [
            each
            for each in now.where("quote_extension", quote_id=key, status="approved")
            if before["quote_extension"][each["id"]]["status"] == "requested"
        ]
        if len(extended) != 1 or len(approved) != 1 or quote["expires_at"] < old["expires_at"]:
            yield f"{quote['number']} ends at {quote['expires_at']}, and not at {old['expires_at']}"


def orders_have_accepted_quotes(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R9, R12, R19: one order per quote, accepted while it was valid, for what it promised."""
    orders = now["service_order"].values()
    if len({order["quote_id"] for order in orders}) != len(orders):
        yield "two orders of one quote"
    for key, order in now["service_order"].items():
        if key in before["service_order"]:
            continue
        quote = now["quote"][order["quote_id"]]
        if quote["status"] != "accepted" or quote["decided_externally"]:
            yield f"{order['number']} of {quote['number']}, which is {quote['status']}"
        if parse_instant(order["placed_at"]) >= parse_instant(quote["expires_at"]):
            yield f"{order['number']} was placed after {quote['number']} had ended"
        promised = [_get_terms(line) for line in now.where("quote_line", quote_id=quote["id"])]
        if promised != [_get_terms(line) for line in now.where("order_line", order_id=key)]:
            yield f"{order['number']} is not what {quote['number']} promised"
    ordered = {order["quote_id"] for order in orders}
    for quote in now.where("quote", status="accepted", decided_externally=0):
        if quote["id"] not in ordered:
            yield f"{quote['number']} is accepted, and nothing was ordered"


def _get_amount_paid(line: Row) -> int:
    """R26."""
    paid = line["settled_amount"] + line["settled_tax"]
    return int(paid - line["credit_used"] + line["earlier_balance"] - line["carried_over"])


def _get_terms(line: Row) -> tuple[object, ...]:
    return (line["subscription_id"], line["seats"], line["amount"], line["tax"])


def quotes_are_replaced(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    """R7: a new quote leaves no other pending, and those it replaced name it."""
    for entry in now.new_entries:
        number = entry.subject.removeprefix("quote:")
        if entry.action == "replaced":
            [quote] = now.where("quote", number=number)
            if quote["replaced_by_id"] is None or quote["status"] != "expired":
                yield f"{number} does not say what replaced it"
        if entry.action == "made" and entry.reason is None:
            others = [
                q["number"]
                for q in now.where("quote", account_id=entry.account_id, status="pending")
                if parse_instant(q["expires_at"]) > entry.at and q["number"] != number
            ]
            if others:
                yield f"{number} was made, and {others} are still pending"
        if entry.action == "made" and entry.reason is not None:
            [quote] = now.where("quote", number=number)
            if not now.where("quote", replaced_by_id=quote["id"], status="expired"):
                yield f"{number} replaced nothing"


def lines_are_charged_once(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R17, R19: over all attempts, a line is charged at most once, for the promised amount, and only if it
    is settled."""
    keys: dict[int, list[str]] = {}
    for attempt in now["charge_attempt"].values():
        keys.setdefault(attempt["order_line_id"], []).append(attempt["idempotency_key"])
    charges = [charge for charge in checker.provider.list_charges() if charge.is_settled]
    for key, line in now["order_line"].items():
        settled = [charge for charge in charges if charge.key in keys.get(key, [])]
        order = now["service_order"][line["order_id"]]
        if len(settled) > 1:
            yield f"line {key} of {order['number']} was charged {len(settled)} times"
        for charge in settled:
            charged = (charge.subscription_id, charge.seats, charge.amount, charge.tax)
            if charged != _get_terms(line):
                yield f"line {key}: {charged} was charged, {_get_terms(line)} promised"
            if line["status"] == "settled" and charge.amount_paid != _get_amount_paid(line):
                yield f"line {key}: {charge.amount_paid} was paid, {_get_amount_paid(line)} is shown"
        if line["status"] == "settled" and not settled:
            yield f"line {key} of {order['number']} is settled, and nothing was charged"
        if line["status"] in ("declined", "waiting") and settled:
            yield f"line {key} of {order['number']} is {line['status']}, and was charged"


def nobody_pays_more_than_promised(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R26: a line is charged at most what was promised for it plus what was promised for earlier lines and
    not charged; an order whose lines settled in the quote's order, at most the quote's amount due now."""
    for key, order in now["service_order"].items():
        quote, lines = now["quote"][order["quote_id"]], now.where("order_line", order_id=key)
        settled = sorted(
            (line for line in lines if line["status"] == "settled"),
            key=lambda line: (line["settled_at"], line["id"]),
        )
        not_charged = 0
        for line, promised in zip(settled, _list_promises(quote, settled), strict=True):
            paid, limit = _get_amount_paid(line), promised + max(0, not_charged)
            # An invoice applies the balance as it is when it is finalized.
            if paid > limit and not line["is_on_invoice"]:
                yield f"{order['number']}: line {line['id']} was charged {paid}, and {limit} were promised"
            not_charged += promised - paid
        paid = sum(map(_get_amount_paid, settled))
        is_as_quoted = [line["id"] for line in settled] == sorted(line["id"] for line in lines)
        is_all_charged = not any(line["is_on_invoice"] for line in settled)
        due_now = quote["amount_due"]
        if is_as_quoted and is_all_charged and due_now is not None and paid > due_now:
            yield f"{order['number']} was charged {paid}, and {due_now} were due now"


def _list_promises(quote: Row, settled: list[Row]) -> list[int]:
    """Each line has an invoice, which applies the balance; below the minimum, nothing is charged."""
    promises, balance = [], int(quote["starting_balance"])
    for line in settled:
        balance += line["amount"] + line["tax"]
        is_charged = balance > 0 and balance >= quote["minimum_charge"]
        promises.append(balance if is_charged else 0)
        balance -= promises[-1]
    return promises


def subscriptions_have_one_busy_line(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    busy = [line["subscription_id"] for line in now["order_line"].values() if line["status"] in BUSY_STATUSES]
    if len(busy) != len(set(busy)):
        yield f"busy: {busy}"


def seats_add_up(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    world, bought = checker.world, Counter[str]()
    for charge in checker.provider.list_charges():
        bought[charge.subscription_id] += charge.added_seats
    for subscription, current in checker.provider.list_seats().items():
        initial, external = (
            world.initial_seats[subscription].seats,
            world.seats_changed_externally[subscription],
        )
        if current.seats != initial + bought[subscription] + external:
            yield (
                f"{subscription} has {current.seats}: {initial} + {bought[subscription]} bought + "
                f"{external} by others"
            )


def receipts_match(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    """R13: one for each completed order, with its settled lines."""
    for key, order in now["service_order"].items():
        receipts = now.where("receipt", order_id=key)
        if len(receipts) != (order["status"] == "completed"):
            yield f"{order['number']} is {order['status']} and has {len(receipts)} receipts"
        for receipt in receipts:
            lines = now.where("order_line", order_id=key, status="settled")
            charged = sum(line["settled_amount"] + line["settled_tax"] for line in lines)
            if receipt["total"] != charged or not lines:
                yield f"{receipt['number']} does not match the settled lines"


def orders_end_with_their_lines(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R18: finished once every line is done."""
    for key, order in now["service_order"].items():
        statuses = {line["status"] for line in now.where("order_line", order_id=key)}
        if order["status"] == "completed" and not (
            "settled" in statuses and statuses <= {"settled", "declined"}
        ):
            yield f"{order['number']} is completed with lines {sorted(statuses)}"
        if order["status"] == "failed" and statuses != {"declined"}:
            yield f"{order['number']} is failed with lines {sorted(statuses)}"
        if order["status"] == "placed" and statuses != {"waiting"}:
            yield f"{order['number']} is placed with lines {sorted(statuses)}"


def invoices_are_of_settled_lines(
    checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot
) -> Found:
    """R18: one for each settled line on invoice; the line stays settled, whatever happens to its invoice."""
    invoiced = {invoice["order_line_id"] for invoice in now["invoice"].values()}
    for key, line in now["order_line"].items():
        if (key in invoiced) != bool(line["is_on_invoice"] and line["status"] == "settled"):
            yield f"line {key} is {line['status']}, {'with' if key in invoiced else 'without'} an invoice"
    for invoice in now["invoice"].values():
        is_final = invoice["status"] in ("paid", "void")
        if is_final != (invoice["check_at"] is None):
            yield f"{invoice['number']} is {invoice['status']}, and checked at {invoice['check_at']}"


def events_cause_checks(checker: InvariantChecker, before: DatabaseSnapshot, now: DatabaseSnapshot) -> Found:
    """A webhook event is stored together with the refresh of its account and the check of its busy lines."""
    for key, event in now["received_billing_event"].items():
        if key in before["received_billing_event"] or event["account_id"] is None:
            continue
        if now["account"][event["account_id"]]["refresh_due_at"] is None:
            yield f"{event['kind']} is stored, and {event['account_id']} has no refresh due"
        orders = {order["id"] for order in now.where("service_order", account_id=event["account_id"])}
        for line in now["order_line"].values():
            busy = line["order_id"] in orders and line["status"] in BUSY_STATUSES
            if busy and (line["due_at"] is None or line["due_at"] > event["received_at"]):
                yield f"{event['kind']} is stored, and line {line['id']} has no check due"


INVARIANTS: tuple[Invariant, ...] = (
    history_is_unbroken,
    statuses_follow_the_rules,
    changes_are_recorded,
    only_contacts_changed_anything,
    only_account_services_decide_extensions,
    accounts_keep_a_contact,
    extensions_move_the_expiry_once,
    orders_have_accepted_quotes,
    quotes_are_replaced,
    lines_are_charged_once,
    nobody_pays_more_than_promised,
    subscriptions_have_one_busy_line,
    seats_add_up,
    receipts_match,
    orders_end_with_their_lines,
    invoices_are_of_settled_lines,
    events_cause_checks,
    notices_are_true,
    changes_are_notified,
    invoices_are_announced_once,
    notices_are_in_order,
    undeliverable_notices_fall_back,
)
