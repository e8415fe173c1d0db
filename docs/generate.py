"""Writes what follows from the code: pages of `docs/`, `manifest.json`, and new migrations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
import yaml
from sqlalchemy import create_engine

from docs.messages import render_messages_page
from models.account.contact_invitation import (
    INVITATION_TRANSITIONS,
    ContactInvitation,
    InvitationStatus,
)
from models.invoice import INVOICE_TRANSITIONS, Invoice, InvoiceStatus
from models.migrations.run import upgrade_database, write_migration
from models.notice import Notice, NoticeStatus
from models.quote import QUOTE_TRANSITIONS as NEXT_QUOTE_STATUSES
from models.quote import Quote, QuoteStatus
from models.quote.extension import EXTENSION_TRANSITIONS, ExtensionStatus, QuoteExtension
from models.service_order import (
    BUSY_STATUSES,
    ORDER_LINE_TRANSITIONS,
    LineStatus,
    OrderLine,
    OrderStatus,
    ServiceOrder,
)
from models.service_order import ORDER_TRANSITIONS as NEXT_ORDER_STATUSES

ROOT = Path(__file__).parents[1]
MESSAGES_PATH = ROOT / "docs/messages.md"
STATES_PATH, MANIFEST_PATH, MANIFEST_JSON_PATH = (
    ROOT / "docs/states.md",
    ROOT / "manifest.yml",
    ROOT / "manifest.json",
)

cli = typer.Typer(help=__doc__, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class StateMachine:
    """The states of an entity. `transitions` maps each state to the ones that may follow, if the code has
    such a table."""

    title: str
    source: str
    initial: StrEnum
    meanings: Mapping[Any, str]
    transitions: Mapping[Any, frozenset[Any]] | None = None
    note: str = ""


QUOTE_STATES = StateMachine(
    "Quote",
    "models/quote/quote.py",
    Quote.model_fields["status"].default,
    {
        QuoteStatus.PENDING: "A priced offer that waits for a decision.",
        QuoteStatus.ACCEPTED: "Its service order was placed, or it was accepted elsewhere.",
        QuoteStatus.REJECTED: "A billing contact rejected it, with or without a reason.",
        QuoteStatus.EXPIRED: "Its validity is over, or another quote replaced it.",
    },
    NEXT_QUOTE_STATUSES,
    "A pending quote past its validity is read as expired immediately. The job that stores it only "
    "sends the notices.",
)

QUOTE_EXTENSION_STATES = StateMachine(
    "Quote extension",
    "models/quote/extension.py",
    QuoteExtension.model_fields["status"].default,
    {
        ExtensionStatus.REQUESTED: "A billing contact asked for more time. Account Services decide.",
        ExtensionStatus.APPROVED: "The quote got a new end of validity.",
        ExtensionStatus.DECLINED: "The quote's validity stays as it is.",
    },
    EXTENSION_TRANSITIONS,
    "A request whose quote is no longer pending has lapsed: it can no longer be decided.",
)

CONTACT_INVITATION_STATES = StateMachine(
    "Contact invitation",
    "models/account/contact_invitation.py",
    ContactInvitation.model_fields["status"].default,
    {
        InvitationStatus.PENDING: "A colleague was asked to become a billing contact.",
        InvitationStatus.ACCEPTED: "They are a billing contact now.",
        InvitationStatus.DECLINED: "They declined.",
        InvitationStatus.CANCELLED: "A billing contact cancelled it, or its sender is no longer a contact.",
        InvitationStatus.LAPSED: "It expired, and a new one has replaced it.",
    },
    INVITATION_TRANSITIONS,
    "An invitation past its end of validity has lapsed whatever is stored, and so has one whose sender is no "
    "longer a billing contact.",
)

SERVICE_ORDER_STATES = StateMachine(
    "Service order",
    "models/service_order/service_order.py",
    ServiceOrder.model_fields["status"].default,
    {
        OrderStatus.PLACED: "Placed; no line has been processed yet.",
        OrderStatus.PROCESSING: "At least one line is being processed.",
        OrderStatus.COMPLETED: "Every line is done, and at least one settled: there is a receipt.",
        OrderStatus.FAILED: "Every line is done, and none settled.",
    },
    NEXT_ORDER_STATUSES,
)

ORDER_LINE_STATES = StateMachine(
    "Order line",
    "models/service_order/service_order.py",
    OrderLine.model_fields["status"].default,
    {
        LineStatus.WAITING: "Not processed yet: due, or queued behind another order for its subscription.",
        LineStatus.CHARGING: "A charge is about to be sent, or the provider has not decided yet.",
        LineStatus.SETTLED: "Charged or invoiced, and its seats were added.",
        LineStatus.DECLINED: "Nothing was charged or invoiced, and no seats were added. For some time people "
        "may retry.",
        LineStatus.NEEDS_CUSTOMER: "The customer must confirm the payment.",
        LineStatus.UNKNOWN: "Sent, but there was no response: it is looked up until the provider confirms "
        "its outcome.",
    },
    ORDER_LINE_TRANSITIONS,
    "A line is *busy* while it is "
    + ", ".join(f"`{status.value}`" for status in BUSY_STATUSES)
    + ". A subscription has one busy line at a time.",
)

INVOICE_STATES = StateMachine(
    "Invoice",
    "models/invoice.py",
    Invoice.model_fields["status"].default,
    {
        InvoiceStatus.DUE: "Sent to the customer, who has not paid yet.",
        InvoiceStatus.OVERDUE: "Its due date has passed.",
        InvoiceStatus.UNCOLLECTIBLE: "The seller has written it off. It can still be paid.",
        InvoiceStatus.PAID: "Paid, by any means.",
        InvoiceStatus.VOID: "Cancelled by the seller.",
    },
    INVOICE_TRANSITIONS,
    "Only orders of subscriptions that are paid by invoice have any. None of this changes an order.",
)

NOTICE_STATES = StateMachine(
    "Notice",
    "models/notice/notice.py",
    Notice.model_fields["status"].default,
    {
        NoticeStatus.WAITING: "Stored with the change it reports, and not delivered yet.",
        NoticeStatus.DELIVERED: "Accepted by Slack or by the mail server, or superseded by a newer one.",
        NoticeStatus.UNDELIVERABLE: "It can't be delivered there; a fallback is a notice of its own.",
    },
    note="There is no transition table. Only waiting notices are changed by a delivery.",
)

INTRODUCTION = """\
# States

Written by `make docs` from the models. Do not edit it: a test compares it with what the models say.

No change of a quote, its extension, an invitation, an order, a line or an invoice can be stored but the ones
drawn here. The models refuse others, and so do triggers of the database
([decision 1](decisions/0001-enforce-transitions-in-the-database.md)).
"""


def render_states_page() -> str:
    sections = [
        _render_section(states)
        for states in (
            QUOTE_STATES,
            QUOTE_EXTENSION_STATES,
            CONTACT_INVITATION_STATES,
            SERVICE_ORDER_STATES,
            ORDER_LINE_STATES,
            INVOICE_STATES,
            NOTICE_STATES,
        )
    ]
    return "\n".join([INTRODUCTION, *sections])


def _render_section(machine: StateMachine) -> str:
    diagram = _render_diagram(machine.initial, machine.transitions) if machine.transitions else []
    note = [machine.note, ""] if machine.note else []
    lines = [
        f"## {machine.title}",
        "",
        f"In `{machine.source}`.",
        "",
        *diagram,
        *_render_table(machine),
        "",
        *note,
    ]
    return "\n".join(lines)


def _render_diagram(initial: StrEnum, transitions: Mapping[Any, frozenset[Any]]) -> list[str]:
    arrows = [
        f"    {state.value} --> {to.value}"
        for state in transitions
        for to in _list_next_states(state, transitions)
    ]
    ends = [f"    {state.value} --> [*]" for state, next_ in transitions.items() if not next_]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {initial.value}", *arrows, *ends, "```", ""]


def _list_next_states(state: StrEnum, transitions: Mapping[Any, frozenset[Any]]) -> Sequence[StrEnum]:
    """In the order of the enumeration: a set has none."""
    return [other for other in type(state) if other in transitions[state]]


def _render_table(machine: StateMachine) -> list[str]:
    rows = [[f"`{state.value}`", machine.meanings[state]] for state in type(machine.initial)]
    head = ["state", "means"]
    if machine.transitions is not None:
        head.append("may be followed by")
        for state, row in zip(type(machine.initial), rows, strict=True):
            names = ", ".join(f"`{to.value}`" for to in _list_next_states(state, machine.transitions))
            row.append(names or "nothing: it is final")
    return [_format_row(head), _format_row(["---"] * len(head)), *map(_format_row, rows)]


def _format_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def render_manifest_json() -> str:
    manifest = yaml.safe_load(MANIFEST_PATH.read_text(encoding="utf-8"))
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


@cli.command()
def docs() -> None:
    """Write docs/states.md and docs/messages.md."""
    STATES_PATH.write_text(render_states_page(), encoding="utf-8")
    MESSAGES_PATH.write_text(render_messages_page(), encoding="utf-8")


@cli.command()
def manifest() -> None:
    """Write manifest.json from manifest.yml."""
    MANIFEST_JSON_PATH.write_text(render_manifest_json(), encoding="utf-8")


@cli.command()
def migration(number: str, message: str) -> None:
    """Write a migration from the differences between the models and the existing migrations."""
    if not number or not message:
        raise typer.BadParameter('say both: make migration NUMBER=(the next free one) MESSAGE="Add …"')
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/fresh.db")
        with engine.begin() as connection:
            upgrade_database(connection)
        with engine.begin() as connection:
            write_migration(connection, message, number)
        engine.dispose()


if __name__ == "__main__":
    cli()
