"""The account on the screen: `/billing`, and the warning before GoTo Admin (R15)."""

from dataclasses import replace

import pytest

from bot.blocks import account
from bot.blocks.block_kit import ModalMetadata, View
from bot.i18n import Localizer
from models.account import Portal
from tests.blocks import samples
from tests.blocks.limits import list_buttons, list_texts
from tests.blocks.samples import Size

LINKS = account.PortalLinks("https://corporate.example", "https://admin.example", "https://services.example")
PLACE = ModalMetadata(account="acme")


def read_text(view: View) -> str:
    return "\n".join(list_texts(view["blocks"]))


def test_renewal_totals_count_seats_at_the_price_they_were_bought_for(english: Localizer) -> None:
    row = samples.make_subscription_details(0)
    assert account.compute_renewal_total(row) == 20 * 1400 + 5 * 1300
    text = read_text(account.render_account_modal(english, samples.make_account_overview(), PLACE, LINKS))
    assert "25 seats · €14.00 per seat per month (including 5 at €13.00)" in text
    assert "Renews on 1 Dec 2026 at €345.00 before tax" in text


@pytest.mark.parametrize(
    ("portal", "url", "name"),
    [
        (Portal.CORPORATE, "https://corporate.example", "Corporate Billing Portal"),
        (Portal.ADMIN, "https://admin.example", "GoTo Admin"),
    ],
)
def test_the_deep_link_follows_the_default_portal(
    portal: Portal, url: str, name: str, english: Localizer
) -> None:
    view = account.render_account_modal(english, samples.make_account_overview(portal=portal), PLACE, LINKS)
    [link] = [b for b in list_buttons(view) if b["action_id"] == account.OPEN_PORTAL]
    assert link["url"] == url
    assert f"Default billing portal: {name}" in read_text(view)


def test_the_overview_leads_everywhere(reader: Localizer) -> None:
    view = account.render_account_modal(reader, samples.make_account_overview(), PLACE, LINKS)
    led = {(b["action_id"], b.get("value")) for b in list_buttons(view)}
    ids = ("cart.open", "quote.list", "service_order.list", "account.manage_methods", "receipt.list")
    assert {(i, "acme") for i in ids} <= led


def test_two_hundred_subscriptions_are_all_shown(reader: Localizer) -> None:
    text = read_text(
        account.render_account_modal(reader, samples.make_account_overview(Size(rows=200)), PLACE, LINKS)
    )
    assert [n for n in range(3, 200) if f"*Product {n}*" not in text] == []


def test_methods_show_nothing_of_a_card_but_its_last_four_digits(english: Localizer) -> None:
    text = read_text(account.render_account_modal(english, samples.make_account_overview(), PLACE, LINKS))
    assert "• Visa •••• 4242, expires 04/2028, default" in text


def test_receipts_carry_the_accounts_own_date(english: Localizer) -> None:
    # Issued at 23:30 UTC on the 9th, which is the 10th in Paris, wherever the reader is.
    far_away = Localizer("en-GB", "America/New_York")
    text = read_text(account.render_account_modal(far_away, samples.make_account_overview(), PLACE, LINKS))
    assert "R-1001 · 10 Nov 2026 · €12.00 · service order SO-1007" in text


def test_the_effects_of_a_portal_switch_are_explained_before_it(english: Localizer) -> None:
    view = account.render_portal_warning_modal(english, samples.make_account(), PLACE)
    for part in (
        "GoTo Admin becomes your default billing portal",
        "The Corporate Billing Portal is no longer available to you",
        "Your billing information and permissions stay the same",
        "invoices",
        "accept quotes",
        "manage subscriptions",
        "view and update billing information",
    ):
        assert part in read_text(view)
    [switch] = [b for b in list_buttons(view) if b["action_id"] == account.SWITCH_PORTAL]
    assert switch["value"] == "acme"
    assert "can’t undo this" in switch["confirm"]["text"]["text"]
    assert not [b for b in list_buttons(view) if "url" in b]


def test_nothing_needs_confirming_if_it_is_the_default_portal_already(reader: Localizer) -> None:
    view = account.render_portal_warning_modal(reader, samples.make_account(portal=Portal.ADMIN), PLACE)
    [switch] = [b for b in list_buttons(view) if b["action_id"] == account.SWITCH_PORTAL]
    assert "confirm" not in switch


def test_the_link_is_revealed_on_its_button(reader: Localizer) -> None:
    view = account.render_portal_link_modal(
        reader, samples.make_account(), "https://admin.example/secret", PLACE
    )
    assert [b["url"] for b in list_buttons(view) if "url" in b] == ["https://admin.example/secret"]
    assert "secret" not in read_text(view)


@pytest.mark.parametrize(
    ("place", "back"),
    [
        (PLACE, ("account.overview", "acme")),
        (replace(PLACE, quote=1), ("checkout.edit", "1")),
        (replace(PLACE, order=7), ("service_order.open", "7")),
    ],
)
def test_back_from_the_portal_returns_to_the_previous_view(
    place: ModalMetadata, back: tuple[str, str], reader: Localizer
) -> None:
    for view in (
        account.render_portal_warning_modal(reader, samples.make_account(), place),
        account.render_portal_link_modal(reader, samples.make_account(), "https://admin.example", place),
    ):
        assert back in [(b["action_id"], b.get("value")) for b in list_buttons(view)]
