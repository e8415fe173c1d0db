"""Every refusal has its words in both languages, and the ways on that its reader needs."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import bot
import models
from bot.billing.gateway import BillingUnavailable, MixedPricesUnsupported
from bot.blocks import navigation, refusal
from bot.blocks.block_kit import ModalMetadata
from bot.blocks.refusal import REFUSAL_BUTTONS, format_refusal, render_refusal_modal
from bot.i18n import Localizer
from models.account import AccountNotSelfServed
from models.account.billing_contact import NotABillingContact, NotAllowed
from models.cart import SeatsNotANumber
from models.checkout import FieldRequired, NotAnEmail
from models.errors import InvalidInput, Refusal
from models.payment_method import NoAutomaticPaymentMethod
from models.quote import QuoteNotFound, QuoteNotPending
from tests.blocks.limits import check, list_buttons

URL = "https://services.example"
PLACE = ModalMetadata(account="acme", quote=1, order=7)


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


def test_every_refusal_has_a_text(reader: Localizer) -> None:
    assert {c.key for c in _every_refusal() if not reader.has_message(c.key)} == set()


def test_every_refusal_button_belongs_to_a_refusal() -> None:
    assert set(REFUSAL_BUTTONS) <= {c.key for c in _every_refusal()}


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
def test_a_late_decision_sees_what_happened_by_whom_and_when(
    raised: QuoteNotPending, said: str, english: Localizer
) -> None:
    assert said in format_refusal(english, raised)


def test_a_reason_is_one_sentence_whether_or_not_it_ends_with_a_stop(english: Localizer) -> None:
    texts = {
        format_refusal(english, AccountNotSelfServed(account="Acme", reason=reason))
        for reason in ("By hand", "By hand.")
    }
    assert texts == {
        "You can’t order seats for Acme here. Reason: By hand. Account Services can order them for you."
    }


def test_a_reason_that_names_account_services_is_not_followed_by_their_name_again(reader: Localizer) -> None:
    reasons = {"en": "Managed by Account Services.", "fr": "Géré par les Services des comptes Corporate."}
    text = format_refusal(reader, AccountNotSelfServed(account="Acme", reason=reasons))
    assert text.count(reader.format_text("account-services-name")) == 1
    assert text.endswith(("Contact them to order seats.", "Contactez-les pour commander des postes."))


def test_no_reason_is_mentioned_if_there_is_none(english: Localizer) -> None:
    text = format_refusal(english, AccountNotSelfServed(account="Acme", reason=""))
    assert text == "You can’t order seats for Acme here. Account Services can order them for you."


def test_the_billing_contacts_are_named(english: Localizer) -> None:
    text = format_refusal(english, NotABillingContact(contacts=["Alice", "Bob"]))
    assert text.endswith("Ask one of them: Alice and Bob.")
    assert format_refusal(english, NotABillingContact(contacts=[])).endswith(
        "Ask Account Services who they are."
    )


def test_a_stranger_gets_one_neutral_line_and_no_buttons(reader: Localizer) -> None:
    view = render_refusal_modal(reader, NotAllowed(), PLACE, URL)
    assert len(view["blocks"]) == 1
    assert list_buttons(view) == []
    assert "acme" not in view["blocks"][0]["text"]["text"]


def test_several_invalid_fields_are_all_mentioned(english: Localizer) -> None:
    invalid = InvalidInput(
        {"city": FieldRequired(), "line1": FieldRequired(), "admin_email": NotAnEmail(typed="x")}
    )
    text = format_refusal(english, invalid)
    assert text.count("Fill in this field.") == 1
    assert "“x” isn’t an email address" in text


def test_a_refusal_without_a_number_still_is_a_sentence(english: Localizer) -> None:
    assert format_refusal(english, QuoteNotFound(number="")).startswith("We can’t find that quote.")
    assert format_refusal(english, QuoteNotFound(number="SQ-1")).startswith("We can’t find quote SQ-1.")


@pytest.mark.parametrize(
    ("raised", "offered"),
    [
        (NoAutomaticPaymentMethod(), {navigation.MANAGE_PAYMENT_METHODS, navigation.CONTACT_SERVICES}),
        (_not_pending("accepted"), {navigation.OPEN_QUOTE, navigation.LIST_QUOTES, navigation.LIST_ORDERS}),
        (AccountNotSelfServed(account="Acme", reason=""), {navigation.CONTACT_SERVICES}),
        (MixedPricesUnsupported(), {navigation.CONTACT_SERVICES}),
        (BillingUnavailable(), {navigation.OPEN_QUOTE, navigation.OPEN_ORDER}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_offers_its_next_steps(raised: Refusal, offered: set[str], reader: Localizer) -> None:
    view = render_refusal_modal(reader, raised, PLACE, URL)
    check(view)
    assert {button["action_id"] for button in list_buttons(view)} == offered


def test_no_button_is_shown_without_modal_metadata(reader: Localizer) -> None:
    for key in REFUSAL_BUTTONS:
        raised = Refusal()
        raised.__class__ = type("Other", (Refusal,), {"key": key})
        assert [
            e["value"]
            for b in refusal.build_refusal_actions(reader, [raised], ModalMetadata(), "")
            for e in b["elements"]
        ] == []


def test_input_is_escaped_in_views(reader: Localizer) -> None:
    view = render_refusal_modal(reader, SeatsNotANumber(typed="<!channel> & co"), PLACE, URL)
    assert "&lt;!channel&gt; &amp; co" in view["blocks"][0]["text"]["text"]
