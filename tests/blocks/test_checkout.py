"""The checkout: what is asked, what stands in it already, and the way back (R10, R11)."""

import pytest

from bot.blocks import checkout
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer
from models.account import Address
from models.checkout import COUNTRY_CODES, CheckoutForm
from models.details import CheckoutPage
from tests.blocks import samples
from tests.blocks.limits import buttons, check, texts
from tests.blocks.samples import Size

PLACE = ModalMetadata(account="acme", quote=1)


def draw(reader: Localizer, page: CheckoutPage | None = None) -> View:
    return checkout.render_checkout_modal(reader, page or samples.make_checkout_page(), PLACE)


def inputs(view: View) -> dict[str, Block]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def test_there_is_a_field_for_each_part_of_the_form(reader: Localizer) -> None:
    fields = inputs(draw(reader))
    assert list(fields) == list(CheckoutForm.model_fields)
    assert all(block["element"]["action_id"] == name for name, block in fields.items())


def test_only_what_may_stay_blank_is_optional(reader: Localizer) -> None:
    optional = {name for name, block in inputs(draw(reader)).items() if block["optional"]}
    assert optional == {"admin_name", "admin_email", "po_number", "line2", "state"}


def test_known_values_prefill_the_fields(english: Localizer) -> None:
    fields = inputs(draw(english))
    assert fields["administrator"]["element"]["initial_option"]["value"] == "1"
    method = fields["payment_method"]["element"]["initial_option"]
    assert method["text"]["text"] == "Visa •••• 4242, expires 04/2028, default"
    assert fields["line1"]["element"]["initial_value"] == "1 rue de la Paix"
    assert fields["country"]["element"]["initial_option"]["text"]["text"] == "France"


def test_invalid_input_is_not_lost(reader: Localizer) -> None:
    page = samples.make_checkout_page(administrator="new", admin_email="no address", admin_name="Zoé")
    fields = inputs(draw(reader, page))
    assert fields["administrator"]["element"]["initial_option"]["value"] == "new"
    assert fields["admin_email"]["element"]["initial_value"] == "no address"
    assert fields["admin_name"]["element"]["initial_value"] == "Zoé"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("", "email_text_input"), ("zoe@acme.example", "email_text_input"), ("zoe@", "plain_text_input")],
)
def test_slack_is_never_given_an_email_field_with_no_address_in_it(
    typed: str, kind: str, reader: Localizer
) -> None:
    fields = inputs(draw(reader, samples.make_checkout_page(admin_email=typed)))
    assert fields["admin_email"]["element"]["type"] == kind


def test_every_country_can_be_chosen_under_its_initial(reader: Localizer) -> None:
    groups = inputs(draw(reader))["country"]["element"]["option_groups"]
    assert {o["value"] for group in groups for o in group["options"]} == COUNTRY_CODES
    assert [group["label"]["text"] for group in groups] == sorted(group["label"]["text"] for group in groups)


def test_countries_have_the_readers_names_with_accents_aside_in_their_order() -> None:
    groups = inputs(draw(Localizer("fr-FR")))["country"]["element"]["option_groups"]
    under_e = next(g for g in groups if g["label"]["text"] == "E")
    assert {"Égypte", "États-Unis"} <= {o["text"]["text"] for o in under_e["options"]}


@pytest.mark.parametrize("count", [0, 1, 99, 100, 250])
def test_any_number_of_administrators_can_be_chosen_among(count: int, reader: Localizer) -> None:
    view = draw(reader, samples.make_checkout_page(Size(people=count), payment_method=""))
    check(view)
    element = inputs(view)["administrator"]["element"]
    options = element.get("options") or [o for g in element["option_groups"] for o in g["options"]]
    assert {o["value"] for o in options} == {"new", *(str(n + 1) for n in range(count))}


def test_a_link_to_add_a_card_is_shown_without_a_valid_one(reader: Localizer) -> None:
    view = draw(reader, samples.make_checkout_page(Size(people=0)))
    assert "payment_method" not in inputs(view)
    assert ("account.manage_methods", "acme") in [(b["action_id"], b.get("value")) for b in buttons(view)]


def test_the_total_is_at_the_top_and_back_at_the_bottom(english: Localizer) -> None:
    view = draw(english)
    assert "Total due now: *€24.00*" in view["blocks"][0]["text"]["text"]
    assert (buttons(view)[-1]["action_id"], buttons(view)[-1]["value"]) == (checkout.BACK, "1")


def test_it_says_what_the_admin_contact_is(english: Localizer) -> None:
    said = " ".join(texts(draw(english)))
    assert "GoTo Admin Centre (classic)" in said
    assert "one of the new seats of each product" in said


def test_an_unknown_country_is_shown_by_its_code() -> None:
    assert Localizer().get_country_name("??") == "??"
    assert set(Address.model_fields) <= set(CheckoutForm.model_fields)
