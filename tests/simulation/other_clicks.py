"""Clicks besides those of an order: documents, more time for a quote, and inviting colleagues."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.use_cases.account import contacts, invitation
from bot.use_cases.quote import extension
from bot.use_cases.quote.send import send_quote
from bot.use_cases.receipt_export import request_receipt_export
from tests.simulation.database import Store
from tests.simulation.people import Click
from tests.simulation.slack import SERVICES_MEMBER
from tests.simulation.snapshot import parse_instant

# Carl isn't a contact in any file: only an invitation makes him one.
COLLEAGUE = "U06CARL"
CONTACTS = ("U01ALICE", "U02BENOIT", "U01ALICE", "U02BENOIT", COLLEAGUE)
INVITEES = (COLLEAGUE, COLLEAGUE, COLLEAGUE, "U01ALICE", "U05GUEST")
DECIDERS = (SERVICES_MEMBER, SERVICES_MEMBER, SERVICES_MEMBER, SERVICES_MEMBER, "U01ALICE")
EXTENDABLE_QUERY = "SELECT id, expires_at FROM quote WHERE status = 'pending' AND account_id = 'acme'"
OPEN_EXTENSIONS_QUERY = (
    "SELECT e.id, e.requested_until FROM quote_extension e JOIN quote q ON q.id = e.quote_id"
    " WHERE e.status = 'requested' AND q.status = 'pending'"
)
OPEN_INVITATIONS_QUERY = "SELECT id FROM contact_invitation WHERE status = 'pending'"
CONTACTS_QUERY = "SELECT id FROM billing_contact WHERE account_id = 'acme'"
COLLEAGUES_QUERY = f"{CONTACTS_QUERY} AND active AND slack_user = ?"
# Open requests are answered more often than new ones are made.
ANSWER_WEIGHT = 8


def choose_other_click(random: Random, store: Store, at: datetime) -> Click:
    clicks = list(_list_other_clicks(random, store, at))
    [(click, _)] = random.choices(clicks, [weight for _, weight in clicks])
    return click


def _list_other_clicks(random: Random, store: Store, at: datetime) -> Iterator[tuple[Click, float]]:
    def click(name: str, use_case: Callable[..., Any], user: str = "", **given: Any) -> Click:
        return Click(name, user or random.choice(CONTACTS), use_case, given)

    today = at.astimezone(ZoneInfo("Europe/Paris")).date()
    quotes = [key for (key,) in store.rows("SELECT id FROM quote WHERE account_id = 'acme'")]
    if quotes:
        yield click("quote.send", send_quote, quote_id=random.choice(quotes)), 1
    for key, expires_at in store.rows(EXTENDABLE_QUERY):
        until = parse_instant(expires_at).date() + timedelta(days=random.choice((0, 0, 0, 1, 1, -1, 40)))
        given = {"quote_id": key, "until": until, "reason": random.choice((None, "Our board meets later."))}
        yield click("quote.request_extension", extension.request_extension, **given), 3
    for key, requested_until in store.rows(OPEN_EXTENSIONS_QUERY):
        until = datetime.fromisoformat(requested_until).date()
        user = random.choice(DECIDERS)
        approve = click("extension.approve", extension.approve_extension, user, extension_id=key, until=until)
        decline = click(
            "extension.decline", extension.decline_extension, user, extension_id=key, reason="No more."
        )
        yield approve, ANSWER_WEIGHT
        yield decline, ANSWER_WEIGHT // 2
    if any(store.rows("SELECT 1 FROM receipt WHERE account_id = 'acme'")):
        first_day = today - timedelta(days=random.choice((0, 40, 40)))
        period: dict[str, Any] = {"account_id": "acme", "first_day": first_day, "last_day": today}
        yield click("receipt_export.request", request_receipt_export, **period), ANSWER_WEIGHT
    yield from _list_contact_clicks(random, store, click)


def _list_contact_clicks(
    random: Random, store: Store, click: Callable[..., Click]
) -> Iterator[tuple[Click, float]]:
    yield (
        click(
            "contact.invite", invitation.invite_contact, account_id="acme", user_id=random.choice(INVITEES)
        ),
        2,
    )
    for (key,) in store.rows(OPEN_INVITATIONS_QUERY):
        invited = random.choice((COLLEAGUE, COLLEAGUE, COLLEAGUE, "U04EVE"))
        yield (
            click("invitation.accept", invitation.accept_invitation, invited, invitation_id=key),
            ANSWER_WEIGHT,
        )
        yield click("invitation.decline", invitation.decline_invitation, invited, invitation_id=key), 1
        yield click("invitation.cancel", invitation.cancel_invitation, invitation_id=key), 1
    everybody = [key for (key,) in store.rows(CONTACTS_QUERY)]
    colleagues = [key for (key,) in store.rows(COLLEAGUES_QUERY, COLLEAGUE)]
    # Without Alice or Benoît little else happens in a seed, so it is mostly Carl who is withdrawn.
    withdrawn = random.choice([*colleagues * 20, *everybody])
    yield (
        click("contact.withdraw", contacts.withdraw_contact, contact_id=withdrawn),
        ANSWER_WEIGHT if colleagues else 0.2,
    )
