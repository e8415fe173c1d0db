"""Every refusal has its words in both languages, and the ways on that its reader needs."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import bot
import models
from bot.billing.gateway import BillingUnavailable, PriceNotHeld
from bot.blocks import refusal, ways
from bot.blocks.kit import Place
from bot.blocks.refusal import WAYS, refusal_text, refusal_view
from bot.i18n import Reader
from models.account import AccountNotSelfServed
from models.billing_contact import NotABillingContact, NotAllowed
from models.cart import SeatsNotANumber
from models.checkout import FieldRequired, NotAnEmail
from models.errors import InvalidInput, Refusal
from models.payment_method import NoAutomaticPaymentMethod
from models.quote import QuoteNotFound, QuoteNotPending
from tests.blocks.limits import buttons, check

URL = "https://services.example"
PLACE = Place(account="acme", quote=1, order=7)


def _every_refusal() -> set[type[Refusal]]:
    for package in (models, bot):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".versions." not in module.name and not module.name.endswith(".migrations.env"):
                importlib.import_module(module.name)
    return {c for c in _below(Refusal) if c.__module__.split(".")[0] in ("models", "bot")}


def _below(refused: type[Refusal]) -> Iterator[type[Refusal]]:
    for subclass in refused.__subclasses__():
        yield subclass
        yield from _below(subclass)


def test_every_refusal_has_its_words(reader: Reader) -> None:
    assert {c.key for c in _every_refusal() if not reader.has(c.key)} == set()


def test_every_way_belongs_to_a_refusal() -> None:
    assert set(WAYS) <= {c.key for c in _every_refusal()}


def _not_pending(status: str, *, elsewhere: str = "no", replaced_by: str = "") -> QuoteNotPending:
    at = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
    words = {"by": "Bob <3", "at": at, "replaced_by": replaced_by, "elsewhere": elsewhere}
    return QuoteNotPending(number="SQ-1001", status=status, **words)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (_not_pending("accepted"), "accepted by Bob <3 on 10 Nov 2026, 10:00 (CET)"),
        (_not_pending("accepted", elsewhere="yes"), "accepted outside Slack on 10 Nov 2026"),
        (_not_pending("rejected"), "rejected by Bob <3 on"),
        (_not_pending("rejected", elsewhere="yes"), "rejected outside Slack"),
        (_not_pending("expired", replaced_by="SQ-2000"), "replaced with quote SQ-2000 by Bob <3 on"),
        (_not_pending("expired"), "expired on 10 Nov 2026"),
    ],
)
def test_whoever_comes_too_late_is_told_what_happened_by_whom_and_when(
    raised: QuoteNotPending, said: str, english: Reader
) -> None:
    assert said in refusal_text(english, raised)


def test_a_reason_is_one_sentence_whether_or_not_it_ends_with_a_stop(english: Reader) -> None:
    texts = {
        refusal_text(english, AccountNotSelfServed(account="Acme", reason=reason))
        for reason in ("By hand", "By hand.")
    }
    assert texts == {
        "You can’t order seats for Acme here. Reason: By hand. Account Services can order them for you."
    }


def test_without_a_reason_none_is_spoken_of(english: Reader) -> None:
    text = refusal_text(english, AccountNotSelfServed(account="Acme", reason=""))
    assert text == "You can’t order seats for Acme here. Account Services can order them for you."


def test_the_billing_contacts_are_named(english: Reader) -> None:
    text = refusal_text(english, NotABillingContact(contacts=["Alice", "Bob"]))
    assert text.endswith("Ask one of them: Alice and Bob.")
    assert refusal_text(english, NotABillingContact(contacts=[])).endswith(
        "Ask Account Services who they are."
    )


def test_a_stranger_gets_one_neutral_line_and_no_way_on(reader: Reader) -> None:
    view = refusal_view(reader, NotAllowed(), PLACE, URL)
    assert len(view["blocks"]) == 1
    assert buttons(view) == []
    assert "acme" not in view["blocks"][0]["text"]["text"]


def test_several_wrong_fields_are_all_spoken_of(english: Reader) -> None:
    invalid = InvalidInput(
        {"city": FieldRequired(), "line1": FieldRequired(), "admin_email": NotAnEmail(typed="x")}
    )
    text = refusal_text(english, invalid)
    assert text.count("Fill in this field.") == 1
    assert "“x” isn’t an email address" in text


def test_a_refusal_without_a_number_still_is_a_sentence(english: Reader) -> None:
    assert refusal_text(english, QuoteNotFound(number="")).startswith("We can’t find that quote.")
    assert refusal_text(english, QuoteNotFound(number="SQ-1")).startswith("We can’t find quote SQ-1.")


@pytest.mark.parametrize(
    ("raised", "offered"),
    [
        (NoAutomaticPaymentMethod(), {ways.MANAGE_METHODS, ways.CONTACT_SERVICES}),
        (_not_pending("accepted"), {ways.OPEN_QUOTE, ways.LIST_QUOTES, ways.LIST_ORDERS}),
        (AccountNotSelfServed(account="Acme", reason=""), {ways.CONTACT_SERVICES}),
        (PriceNotHeld(), {ways.CONTACT_SERVICES}),
        (BillingUnavailable(), {ways.OPEN_QUOTE, ways.OPEN_ORDER}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_offers_its_ways_on(raised: Refusal, offered: set[str], reader: Reader) -> None:
    view = refusal_view(reader, raised, PLACE, URL)
    check(view)
    assert {button["action_id"] for button in buttons(view)} == offered


def test_where_nothing_is_known_of_the_place_no_button_leads_nowhere(reader: Reader) -> None:
    for key in WAYS:
        raised = Refusal()
        raised.__class__ = type("Other", (Refusal,), {"key": key})
        assert [e["value"] for b in refusal.ways_on(reader, raised, Place(), "") for e in b["elements"]] == []


def test_what_was_typed_is_escaped_on_the_screen(reader: Reader) -> None:
    view = refusal_view(reader, SeatsNotANumber(typed="<!channel> & co"), PLACE, URL)
    assert "&lt;!channel&gt; &amp; co" in view["blocks"][0]["text"]["text"]


def test_a_title_of_its_own_is_shown(reader: Reader) -> None:
    assert refusal_view(reader, NotAllowed(), PLACE, URL, "Own title")["title"]["text"] == "Own title"
