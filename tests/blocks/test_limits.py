"""Every screen, usual and longest, in both languages, is one that Slack takes."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from bot.blocks import (
    account,
    billing_contact,
    cart,
    checkout,
    invoice,
    notification_preferences,
    quote,
    quote_extension,
    receipt,
    receipt_export,
    refusal,
    service_order,
)
from bot.blocks.block_kit import ModalMetadata, View
from bot.blocks.button_styles import STYLES_BY_ACTION
from bot.blocks.home import page as home_page
from bot.blocks.notice import render_notice_message
from bot.i18n import Localizer
from handlers.payloads import is_input_block
from models.account import AccountNotSelfServed, Portal
from models.account.billing_contact import IdentityNotFresh, NotABillingContact
from models.details import AccountOverview
from models.invoice import InvoiceStatus
from models.notice import NoticeKind
from models.payment_method import NoAutomaticPaymentMethod
from models.quote import QuoteStatus
from models.receipt_export import NoReceiptsInPeriod
from models.service_order import OrderStatus
from models.subscription import NothingToOrder
from tests.blocks import samples
from tests.blocks.limits import check, list_buttons, list_texts
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import LONGEST, USUAL, Size

URL = "https://services.example/help"
LINKS = account.PortalLinks("https://corporate.example", "https://admin.example", URL)
# What leads back, by its words.
BACK_LABELS = {"Back", "Retour"}
PLACE = ModalMetadata(
    account="acme",
    quote=1,
    order=7,
    origin="pending",
    command_text="webinar 5",
    quote_ids=tuple(range(1, 46)),
    reason='“é\n"' * 125,
)

Draw = Callable[[Localizer, Size], View]


def _list_refusals(size: Size) -> list[Exception]:
    reason = size.name("Managed by hand.")
    return [
        AccountNotSelfServed(account=size.name("Acme"), reason=reason),
        NoAutomaticPaymentMethod(),
        NothingToOrder(account=size.name("Acme")),
    ]


def _home(
    reader: Localizer, overviews: list[AccountOverview], *, page: int = 0, charts: bool = False
) -> View:
    return home_page.render_home(reader, overviews, LINKS, page=page, show_charts=charts)


SCREENS: dict[str, Draw] = {
    "cart.choose": lambda r, s: cart.render_account_choice_modal(
        r, [samples.make_account(s, id_=f"a{n}") for n in range(s.people)], PLACE
    ),
    "cart.warning": lambda r, s: cart.render_pending_quotes_modal(
        r, samples.make_quote_details_list(s), PLACE, samples.make_quote_details(1, s), has_new_quotes=True
    ),
    "cart.save": lambda r, s: cart.render_cart_modal(
        r, samples.make_cart_page(s, own=True), PLACE, 1000, services_url=URL
    ),
    "cart.save, ordered again": lambda r, s: cart.render_cart_modal(
        r, samples.make_repeated_cart_page(s), PLACE, 1000, services_url=URL
    ),
    "cart.save, second page": lambda r, s: cart.render_cart_modal(
        r, samples.make_cart_page(s), replace(PLACE, page=1), 1000, services_url=URL
    ),
    "cart.save, last page": lambda r, s: cart.render_cart_modal(
        r, samples.make_cart_page(s), replace(PLACE, page=99), 1000, services_url=URL
    ),
    "cart.blocked": lambda r, s: cart.render_cart_blocked_modal(
        r,
        samples.make_account(s),
        _list_refusals(s),  # type: ignore[arg-type]
        PLACE,
        URL,
    ),
    "quote.list": lambda r, s: quote.render_quote_list_modal(
        r, samples.make_account(s), samples.make_quote_details_list(s), PLACE
    ),
    "quote.list, empty": lambda r, s: quote.render_quote_list_modal(r, samples.make_account(s), [], PLACE),
    "quote.review": lambda r, s: quote.render_quote_modal(r, samples.make_quote_details(1, s), PLACE),
    "quote.review, accepted": lambda r, s: quote.render_quote_modal(
        r, samples.make_decided_quote(QuoteStatus.ACCEPTED, s), PLACE
    ),
    "quote.review, replaced": lambda r, s: quote.render_quote_modal(
        r, samples.make_decided_quote(QuoteStatus.EXPIRED, s, replaced=True), PLACE
    ),
    "quote.sent": lambda r, s: quote.render_quote_sent_modal(
        r, samples.make_quote_details(1, s), samples.make_contacts(s)[0], PLACE
    ),
    "quote.reject": lambda r, s: quote.render_reject_modal(r, samples.make_quote_details(1, s), PLACE),
    "quote.review, more time requested": lambda r, s: quote.render_quote_modal(
        r, replace(samples.make_quote_details(1, s), extension=samples.make_extension(s)), PLACE
    ),
    "quote_extension.request": lambda r, s: quote_extension.render_request_modal(
        r, samples.make_quote_details(1, s), PLACE
    ),
    "quote_extension.approve": lambda r, s: quote_extension.render_approval_modal(
        r, samples.make_extension(s), samples.make_quote_details(1, s), PLACE
    ),
    "quote_extension.decline": lambda r, s: quote_extension.render_decline_modal(
        r, samples.make_extension(s), samples.make_quote_details(1, s), PLACE
    ),
    "quote_extension.show": lambda r, s: quote_extension.render_decision_modal(
        r, samples.make_approved_extension(s), samples.make_quote_details(1, s), PLACE
    ),
    "checkout.save": lambda r, s: checkout.render_checkout_modal(r, samples.make_checkout_page(s), PLACE),
    "checkout.save, as typed": lambda r, s: checkout.render_checkout_modal(
        r,
        samples.make_checkout_page(
            s, administrator="new", admin_email="no address", country="??", line2="w" * 250
        ),
        PLACE,
    ),
    "checkout.save, all fields": lambda r, s: checkout.render_checkout_modal(
        r,
        replace(samples.make_checkout_page(s, administrator="new", country="US"), with_address_fields=True),
        PLACE,
    ),
    "checkout.save, on invoice": lambda r, s: checkout.render_checkout_modal(
        r,
        replace(
            samples.make_checkout_page(s),
            quote=samples.add_invoice_terms(samples.make_quote_details(1, s)),
            needs_payment_method=False,
        ),
        PLACE,
    ),
    "service_order.place, on invoice": lambda r, s: service_order.render_placement_modal(
        r,
        replace(
            samples.make_placement_page(s, assigned=s.rows),
            quote=samples.add_invoice_terms(samples.make_quote_details(1, s)),
        ),
        PLACE,
    ),
    "service_order.show, on invoice": lambda r, s: service_order.render_order_modal(
        r, samples.make_invoiced_order(s), PLACE, services_url=URL
    ),
    "account.overview, invoices": lambda r, s: account.render_account_modal(
        r, samples.add_invoices(samples.make_account_overview(s), s), PLACE, LINKS
    ),
    "home, invoices": lambda r, s: _home(r, [samples.add_invoices(samples.make_account_overview(s), s)] * 2),
    "invoice.open": lambda r, s: invoice.render_invoice_modal(r, samples.make_invoice_page(s), PLACE),
    "invoice.open, paid": lambda r, s: invoice.render_invoice_modal(
        r, samples.make_invoice_page(s, InvoiceStatus.PAID), PLACE
    ),
    "invoice.open, no link": lambda r, s: invoice.render_invoice_modal(
        r, replace(samples.make_invoice_page(s), links=None), PLACE
    ),
    "service_order.place": lambda r, s: service_order.render_placement_modal(
        r, samples.make_placement_page(s, assigned=s.rows, replaced="SQ-1000"), PLACE
    ),
    "service_order.placed": lambda r, s: service_order.render_placed_modal(
        r, samples.make_order_details(size=s), PLACE, services_url=URL
    ),
    "service_order.show": lambda r, s: service_order.render_order_modal(
        r, samples.make_order_with_every_status(s), PLACE, services_url=URL
    ),
    "service_order.history": lambda r, s: service_order.render_history_modal(
        r,
        replace(samples.make_order_with_every_status(s), history=samples.make_history(s) * 60),
        replace(PLACE, page=1),
    ),
    "service_order.show, completed": lambda r, s: service_order.render_order_modal(
        r, samples.make_order_details(size=s, status=OrderStatus.COMPLETED), PLACE, services_url=URL
    ),
    "service_order.show, failed": lambda r, s: service_order.render_order_modal(
        r, samples.make_order_details(size=s, status=OrderStatus.FAILED), PLACE, services_url=URL
    ),
    "service_order.list": lambda r, s: service_order.render_order_list_modal(
        r,
        samples.make_account(s),
        [samples.make_order_with_every_status(s)] * s.quotes,
        PLACE,
        has_older=True,
    ),
    "service_order.list, empty": lambda r, s: service_order.render_order_list_modal(
        r, samples.make_account(s), [], PLACE, False
    ),
    "service_order.retry": lambda r, s: service_order.render_retry_modal(
        r, samples.make_order_with_every_status(s), samples.make_payment_methods(s.people), PLACE
    ),
    "service_order.retry, no card": lambda r, s: service_order.render_retry_modal(
        r, samples.make_order_with_every_status(s), [], PLACE
    ),
    "account.overview": lambda r, s: account.render_account_modal(
        r, samples.make_account_overview(s), PLACE, LINKS
    ),
    "account.overview, admin": lambda r, s: account.render_account_modal(
        r, samples.make_account_overview(s, Portal.ADMIN), PLACE, LINKS
    ),
    "account.overview, bare": lambda r, s: account.render_account_modal(
        r,
        replace(
            samples.make_account_overview(s), rows=[], payment_methods=[], receipts=[], pending_quotes=[]
        ),
        PLACE,
        LINKS,
    ),
    "billing_contact.list": lambda r, s: billing_contact.render_contacts_modal(
        r, samples.make_contacts_page(s), PLACE
    ),
    "billing_contact.list, the last one": lambda r, s: billing_contact.render_contacts_modal(
        r,
        replace(samples.make_contacts_page(s), contacts=samples.make_contacts(s)[:1], invitations=[]),
        PLACE,
    ),
    "billing_contact.invite": lambda r, s: billing_contact.render_invite_modal(
        r, samples.make_account(s), PLACE
    ),
    "billing_contact.show": lambda r, s: billing_contact.render_result_modal(
        r, samples.make_account(s), "accepted"
    ),
    "receipt.list": lambda r, s: receipt.render_receipt_list_modal(
        r, samples.make_account(s), samples.make_account_overview(s).receipts, PLACE, has_older=True
    ),
    "receipt.list, empty": lambda r, s: receipt.render_receipt_list_modal(
        r, samples.make_account(s), [], PLACE, has_older=False
    ),
    "receipt.sent": lambda r, s: receipt.render_receipt_sent_modal(
        r, samples.make_account(s), samples.make_receipt(), samples.make_contacts(s)[0], PLACE
    ),
    "receipt_export.send": lambda r, s: receipt_export.render_export_form(
        r, samples.make_export_page(s), PLACE
    ),
    "receipt_export.send, a problem": lambda r, s: receipt_export.render_export_form(
        r,
        samples.make_export_page(s, problem=NoReceiptsInPeriod(first=samples.START, last=samples.START)),
        PLACE,
    ),
    "receipt_export.show": lambda r, s: receipt_export.render_progress_modal(
        r, samples.make_account(s), samples.make_export_progress(s), PLACE
    ),
    "account.portal": lambda r, s: account.render_portal_warning_modal(r, samples.make_account(s), PLACE),
    "account.portal, admin": lambda r, s: account.render_portal_warning_modal(
        r, samples.make_account(s, Portal.ADMIN), PLACE
    ),
    "account.portal, link": lambda r, s: account.render_portal_link_modal(
        r, samples.make_account(s), URL, PLACE
    ),
    "home": lambda r, s: _home(r, [samples.make_account_overview(s)]),
    "home, accounts": lambda r, s: _home(r, [samples.make_account_overview(s)] * 12),
    "home, second page": lambda r, s: _home(r, [samples.make_account_overview(s)] * 12, page=1),
    "home, last page": lambda r, s: _home(r, [samples.make_account_overview(s)] * 12, page=99),
    "home, bare": lambda r, s: _home(
        r,
        [
            replace(
                samples.make_account_overview(s),
                rows=[],
                payment_methods=[],
                receipts=[],
                pending_quotes=[],
                open_orders=[],
            )
        ],
    ),
    "home, unlinked": lambda r, s: home_page.render_unlinked_home(
        r, URL, [c.name for c in samples.make_contacts(s)]
    ),
    "home, refused": lambda r, s: home_page.render_refused_home(r, IdentityNotFresh(), URL),
    "notification_preferences.save": lambda r, s: notification_preferences.render_preferences_modal(
        r, samples.make_notification_preferences(), PLACE
    ),
    "notification_preferences.save, daily": lambda r, s: notification_preferences.render_preferences_modal(
        r,
        samples.make_notification_preferences(
            disabled_topics=["orders", "receipts", "decisions", "reminders"], daily_digest=True
        ),
        PLACE,
    ),
    "refusal": lambda r, s: refusal.render_refusal_modal(
        r, NotABillingContact(contacts=[c.name for c in samples.make_contacts(s)]), PLACE, URL
    ),
}

# If Slack accepts a chart on Home: not every workspace does, nor does the sandbox.
CHARTED: dict[str, Draw] = {
    "home, chart": lambda r, s: _home(r, [samples.make_account_overview(s)], charts=True),
    "home, charts of accounts": lambda r, s: _home(r, [samples.make_account_overview(s)] * 12, charts=True),
}
ALL = {**SCREENS, **CHARTED}


@cache
def _draw(screen: str, language: str, size: Size) -> View:
    return ALL[screen](Localizer(language, "Europe/Paris"), size)


def draw(screen: str, reader: Localizer, size: Size = USUAL) -> View:
    return _draw(screen, reader.language, size)


@pytest.mark.parametrize("size", [USUAL, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("screen", ALL)
def test_slack_takes_the_screen(screen: str, size: Size, reader: Localizer) -> None:
    check(draw(screen, reader, size))


def test_each_input_is_one_that_is_read(reader: Localizer) -> None:
    """Of another input, what can't be read is left out without a word."""
    drawn = {
        block["block_id"]
        for screen in ALL
        for block in draw(screen, reader)["blocks"]
        if block["type"] == "input"
    }
    assert {"reason", "until", "payment_method", "wanted"} <= drawn
    assert {block_id for block_id in drawn if not is_input_block(block_id)} == set()


@pytest.mark.parametrize("screen", ALL)
def test_usual_texts_are_not_cut(screen: str, reader: Localizer) -> None:
    cut = [text for text in list_texts(draw(screen, reader)) if text.endswith("…")]
    assert cut == []


@pytest.mark.parametrize("screen", ALL)
def test_user_input_cannot_mention_or_link(screen: str, reader: Localizer) -> None:
    view = draw(screen, reader)
    marked = [
        text for b in view["blocks"] if b["type"] == "section" for text in list_texts({**b, "accessory": {}})
    ]
    assert not any("<" in text for text in marked)
    assert not any("& " in text for text in marked)


@pytest.mark.parametrize("screen", ALL)
def test_buttons_with_the_same_text_have_different_accessibility_labels(
    screen: str, reader: Localizer
) -> None:
    """Each alone, without what stands around it."""
    heard: dict[str, set[str]] = {}
    for button in list_buttons(draw(screen, reader)):
        said = button.get("accessibility_label", button["text"]["text"])
        heard.setdefault(said, set()).add(f"{button['action_id']} {button.get('value', button.get('url'))}")
    assert {said: does for said, does in heard.items() if len(does) > 1} == {}


@pytest.mark.parametrize("screen", SCREENS)
def test_back_is_directly_above_the_footer(screen: str, reader: Localizer) -> None:
    """First of the last row, on every screen that has one: as near to the submit button as Slack allows."""
    view = draw(screen, reader)
    found = [button for button in list_buttons(view) if button["text"]["text"] in BACK_LABELS]
    if found:
        assert [*view["blocks"][-1]["elements"]][:1] == found


def test_a_button_looks_the_same_wherever_it_is(english: Localizer) -> None:
    """In a channel, a modal and on Home."""
    screens = [draw(screen, english) for screen in ALL]
    messages = [render_notice_message(make_message(kind, english), URL) for kind in NoticeKind]
    looks: dict[str, set[str | None]] = {}
    for button in (button for shown in [*screens, *messages] for button in list_buttons(shown)):
        looks.setdefault(button["action_id"], set()).add(button.get("style"))
    assert {action: styles for action, styles in looks.items() if len(styles) > 1} == {}
    assert {action for action, styles in looks.items() if styles != {None}} == set(STYLES_BY_ACTION)


@pytest.mark.parametrize("screen", ALL)
def test_a_row_of_buttons_has_one_that_stands_out(screen: str, reader: Localizer) -> None:
    for block in draw(screen, reader)["blocks"]:
        styles = [button.get("style") for button in block.get("elements", []) if button.get("style")]
        assert len(styles) == len(set(styles)), block
