"""The checkout: what is asked, what stands in it already, and the way back (R10, R11)."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.blocks import checkout
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer, localizer
from models.account import Address
from models.account.address_fields import get_address_fields
from models.checkout import COUNTRY_CODES, CheckoutForm
from models.details import CheckoutPage
from tests.blocks import samples
from tests.blocks.limits import check, list_buttons, list_texts
from tests.blocks.samples import Size

PLACE = ModalMetadata(account="acme", quote=1)


def draw(reader: Localizer, page: CheckoutPage | None = None) -> View:
    return checkout.render_checkout_modal(reader, page or samples.make_checkout_page(), PLACE)


def inputs(view: View) -> dict[str, Block]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def with_all_fields(country: str = "US", **form: str) -> CheckoutPage:
    page = samples.make_checkout_page(samples.USUAL, administrator="new", country=country, **form)
    return replace(page, with_address_fields=True)


def test_every_part_of_the_form_has_a_field_if_it_is_wanted(reader: Localizer) -> None:
    assert set(inputs(draw(reader, with_all_fields()))) == set(CheckoutForm.model_fields)


def test_only_choices_of_known_details_are_fields(english: Localizer) -> None:
    """Nothing of a new administrator; the address is a summary with *Change*."""
    view = draw(english)
    assert list(inputs(view)) == ["administrator", "payment_method", "po_number"]
    assert "1 rue de la Paix" in " ".join(list_texts(view))
    assert checkout.CHANGE_ADDRESS in [button["action_id"] for button in list_buttons(view)]


def test_a_field_has_the_same_ids_on_every_screen(reader: Localizer) -> None:
    """Otherwise Slack would empty it when the others change."""
    pages = [
        samples.make_checkout_page(),
        with_all_fields("FR"),
        with_all_fields("US"),
        with_all_fields("HK"),
    ]
    seen: dict[str, set[str]] = {}
    for page in pages:
        for name, block in inputs(draw(reader, page)).items():
            seen.setdefault(name, set()).add(block["element"]["action_id"])
    assert all(len(ids) == 1 for ids in seen.values()), seen


def test_a_field_that_others_depend_on_dispatches_its_action(reader: Localizer) -> None:
    sent = {n for n, block in inputs(draw(reader, with_all_fields())).items() if block.get("dispatch_action")}
    assert sent == {"administrator", "country"}


@pytest.mark.parametrize(
    ("country", "labels", "optional"),
    [
        ("FR", ["Address line 1", "Address line 2", "Postal code", "City"], {"line2"}),
        ("US", ["Address line 1", "Address line 2", "City", "State", "ZIP code"], {"line2"}),
        ("GB", ["Address line 1", "Address line 2", "Post town", "Postal code"], {"line2"}),
        (
            "IE",
            ["Address line 1", "Address line 2", "City", "County", "Eircode"],
            {"line2", "state", "postal_code"},
        ),
        ("HK", ["Address line 1", "Address line 2", "District", "Area"], {"line2", "city"}),
    ],
)
def test_the_fields_of_an_address_follow_its_country(
    country: str, labels: list[str], optional: set[str], english: Localizer
) -> None:
    fields = inputs(draw(english, with_all_fields(country, city="", state="")))
    shown = [name for name in fields if name in Address.model_fields]
    assert [fields[name]["label"]["text"] for name in shown] == ["Country", *labels]
    assert {name for name in shown if fields[name]["optional"]} == optional


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_country_has_a_word_for_each_of_its_fields(language: str) -> None:
    """As its post office names them: the words for the usual ones are not used for others."""
    messages = Path(localizer.__file__).with_name(f"{language}.ftl").read_text()
    for country in COUNTRY_CODES:
        for name, kind in get_address_fields(country).kinds.items():
            key = f"checkout-{name.replace('_', '-')}"
            variants = messages.partition(f"\n{key} = ")[2].partition("\n}")[0]
            assert f"[{kind}]" in variants, (country, key, kind)


def test_an_address_that_is_not_complete_is_not_a_summary(reader: Localizer) -> None:
    assert "line1" in inputs(draw(reader, samples.make_checkout_page(line1="")))


def test_a_known_city_is_kept_where_addresses_have_none() -> None:
    page = with_all_fields("SG", city="Singapore")
    assert "city" not in page.address_fields.names
    page.quote.quote.address = {**page.quote.quote.address, "country": "SG", "city": "Singapore"}
    assert page.address_fields.names[-1] == "city"


def test_known_values_prefill_the_fields(english: Localizer) -> None:
    fields = inputs(draw(english, replace(samples.make_checkout_page(), with_address_fields=True)))
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
    fields = inputs(draw(reader, samples.make_checkout_page(administrator="new", admin_email=typed)))
    assert fields["admin_email"]["element"]["type"] == kind


def test_every_country_can_be_chosen_under_its_initial(reader: Localizer) -> None:
    groups = inputs(draw(reader, with_all_fields()))["country"]["element"]["option_groups"]
    assert {o["value"] for group in groups for o in group["options"]} == COUNTRY_CODES
    assert [group["label"]["text"] for group in groups] == sorted(group["label"]["text"] for group in groups)


def test_countries_have_the_readers_names_with_accents_aside_in_their_order() -> None:
    groups = inputs(draw(Localizer("fr-FR"), with_all_fields()))["country"]["element"]["option_groups"]
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
    assert ("account.manage_methods", "acme") in [
        (b["action_id"], b.get("value")) for b in list_buttons(view)
    ]


def test_the_total_is_at_the_top_and_back_at_the_bottom(english: Localizer) -> None:
    view = draw(english)
    assert "Total due now: *€24.00*" in view["blocks"][0]["text"]["text"]
    back = view["blocks"][-1]["elements"][0]
    assert (back["action_id"], back["value"]) == (checkout.BACK, "1")


def test_it_says_what_the_admin_contact_is(english: Localizer) -> None:
    said = " ".join(list_texts(draw(english)))
    assert "GoTo Admin Centre (classic)" in said
    assert "one of the new seats of each product" in said


def test_an_unknown_country_is_shown_by_its_code() -> None:
    assert Localizer().get_country_name("??") == "??"
    assert set(Address.model_fields) <= set(CheckoutForm.model_fields)
