"""What people may type wrongly: a clear sentence at the right field, and nothing changed (R10)."""

import re
from typing import Any

import pytest

from models.account import Account
from models.account.billing_contact import BillingContact
from models.cart import Cart
from models.checkout import Checkout
from models.product import Product
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder
from sandbox.driver import Modal, Person
from tests.handlers.db_snapshot import change, load_all_rows
from tests.handlers.steps import import_quote, open_modal
from tests.world import World

MEETING, WEBINAR = "seats:acme_meeting", "seats:acme_webinar"

# What is typed → what is said, in English and in French.
NO_NUMBERS = {
    text: (
        f"“{text}” isn’t a number of seats. Enter a whole number, 0 or more.",
        f"« {text} » n’est pas un nombre de postes. Saisissez un nombre entier, 0 ou plus.",
    )
    for text in ("five", "-1", "2.5", "2,5", "1 000", "+5", "5e3", "<!channel> & *x*")
}
TOO_MANY = dict.fromkeys(
    ("1000000", "1001", "9" * 40),
    ("The maximum is 1,000 new seats.", "Le maximum est de 1 000 nouveaux postes."),
)
NO_ORDER = dict.fromkeys(
    ("", "   ", "0", "000", "٠"),
    (
        "Enter how many seats to add for at least one subscription.",
        "Indiquez le nombre de postes à ajouter pour au moins un abonnement.",
    ),
)


def plainly(text: str) -> str:
    """Babel writes with spaces that do not break."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_each_invalid_number_of_seats_is_reported_at_its_field(world: World, language: str) -> None:
    """Nothing changes: no quote is made, and the cart keeps what it held."""
    person = world.get_person("alice" if language == "en" else "benoit")
    await world.save_cart(person, acme_webinar=3)
    await person.press("cart.edit")
    form = await person.wait_for_modal("cart.save")
    before = await load_all_rows(world)
    for text, words in {**NO_NUMBERS, **TOO_MANY}.items():
        reply = await form.fill(WEBINAR, text).submit()
        said = {name: plainly(words_said) for name, words_said in reply.errors.items()}
        assert said == {WEBINAR: words[language == "fr"]}, text
        assert await load_all_rows(world) == before
    for text, words in NO_ORDER.items():
        reply = await form.fill(WEBINAR, text).fill(MEETING, text).submit()
        assert reply.errors == {MEETING: words[language == "fr"]}, repr(text)
        assert await load_all_rows(world) == before
    assert world.slack.refusals == []


async def test_all_invalid_fields_of_the_cart_are_reported_together(world: World) -> None:
    form = await world.fill_cart(world.get_person("alice"), acme_meeting="x", acme_webinar="-2")
    reply = await form.submit()
    assert sorted(reply.errors) == [MEETING, WEBINAR]
    assert await world.load_rows(Cart) == []


async def test_more_seats_than_an_order_may_have_are_refused_with_the_limit(world: World) -> None:
    """The bound per order comes from the settings, beside that per line."""
    await change_bounds(world, most=1200)
    alice = world.get_person("alice")
    form = await world.fill_cart(alice, acme_meeting=1000, acme_webinar=201)
    reply = await form.submit()
    assert reply.errors == {MEETING: "1,201 new seats are too many for one order. The maximum is 1,200."}
    assert await world.load_rows(Quote) == []
    await form.fill(WEBINAR, 200).submit()
    await alice.wait_for_modal("quote.review")


async def change_bounds(world: World, most: int) -> None:
    settings = world.dependencies.settings.model_copy(update={"max_seats_per_order": most})
    world.dependencies.settings = settings


async def test_numbers_are_accepted_in_every_notation(world: World) -> None:
    """Spaces around it, the digits of another script, zeros before it."""
    for typed, seats in (("  7 ", 7), ("٨", 8), ("009", 9)):
        await world.save_cart(world.get_person("alice"), acme_meeting=typed, acme_webinar="0")
        assert (await world.load_row(Cart)).seats == {"acme_meeting": seats}


async def test_number_inputs_carry_the_seat_limits(world: World) -> None:
    form = await world.fill_cart(world.get_person("alice"), acme_meeting="1001")
    reply = await form.submit(strict=True)
    assert list(reply.errors) == [MEETING]
    assert reply.request is None, "it is not even sent"


# --- the words after /add-seats

WORDS_REFUSED = {
    "webinar -5": "“-5” isn’t a number of seats. Enter a whole number, 0 or more.",
    "webinar 2.5": "“2.5” isn’t a number of seats. Enter a whole number, 0 or more.",
    "webinar 1000000": "The maximum is 1,000 new seats.",
    "rescue 2": "Rescue is sold by contract only.",
}


async def test_command_text_that_asks_for_the_impossible_is_refused_privately(world: World) -> None:
    """R10; nothing opens, nothing is stored."""
    alice = world.get_person("alice")
    await world.fill_cart(alice)
    await alice.close_modal()
    before = await load_all_rows(world)
    for number, (words, said) in enumerate(WORDS_REFUSED.items(), 1):
        await alice.command("/add-seats", words, channel="C07GENERAL")
        line = await alice.wait_for_ephemeral(number)
        assert said in line.text, (words, line.text)
        assert alice.modal is None, words
    assert await load_all_rows(world) == before
    assert world.list_messages("C07GENERAL") == []


# What is said above the form, and the seats of GoTo Meeting and GoTo Webinar in it.
WORDS_LEFT_OPEN = {
    "zoom 5": (
        "You don’t have a subscription to “zoom” here. Enter the number of seats beside the product you"
        " mean. You have: GoTo Meeting, GoTo Webinar and Rescue.",
        ("", ""),
    ),
    "5 seats of zoom please": ("You don’t have a subscription to “zoom” here.", ("", "")),
    "goto 5": (
        "“goto” matches several products: GoTo Meeting and GoTo Webinar. Enter the number of seats beside"
        " the one you mean.",
        ("", ""),
    ),
    "5": ("Which product is “5” for? Enter that number beside the product.", ("", "")),
    "5 seats": ("Which product is “5” for?", ("", "")),
    "webinar 5 nonsense 2": ("You don’t have a subscription to “nonsense” here.", ("", "5")),
    "webinar 5 tomorrow": ("You don’t have a subscription to “tomorrow” here.", ("", "5")),
    "5 5": ("You don’t have a subscription to “5” here.", ("", "")),
    "<!channel> & *x*": ("You don’t have a subscription to “<!channel> *x*” here.", ("", "")),
    "R&amp;amp;D": ("You don’t have a subscription to “R&amp;D” here.", ("", "")),
    "x" * 3900: (f"You don’t have a subscription to “{'x' * 60}” here.", ("", "")),
    " ".join(f"zoom{n} 1" for n in range(400)): ("You don’t have a subscription to “zoom4” here.", ("", "")),
}


async def test_the_form_opens_with_what_was_understood_and_says_what_was_not(world: World) -> None:
    """R10; nothing is stored."""
    alice = world.get_person("alice")
    await world.fill_cart(alice)
    await alice.close_modal()
    before = await load_all_rows(world)
    for words, (said, seats) in WORDS_LEFT_OPEN.items():
        form = await open_modal(alice, "/add-seats", words, "cart.save")
        assert said in form.text, (words, form.text)
        assert form.text.index(said) < form.text.index("Add seats to Acme")
        assert (form.get_value(MEETING) or "", form.get_value(WEBINAR) or "") == seats, words
        await alice.close_modal()
    assert await load_all_rows(world) == before
    assert world.slack.refusals == []
    form = await open_modal(alice, "/add-seats", "5", "cart.save")
    await form.fill(WEBINAR, "5").submit()
    await alice.wait_for_modal("quote.review")
    assert (await world.load_row(Cart)).seats == {"acme_webinar": 5}


async def test_the_form_says_in_french_what_was_not_understood(world: World) -> None:
    benoit = world.get_person("benoit")
    for words, said in (
        ("goto 5", "« goto » correspond à plusieurs produits : GoTo Meeting et GoTo Webinar."),
        ("5 postes de zoom svp", "Vous n’avez pas ici d’abonnement à « zoom »."),
        ("5 postes", "À quel produit correspond « 5 » ?"),
    ):
        form = await open_modal(benoit, "/add-seats", words, "cart.save")
        assert said in plainly(form.text), (words, form.text)
        await benoit.close_modal()
    await benoit.command("/add-seats", "rescue 2")
    assert "Services des comptes Corporate" in (await benoit.wait_for_ephemeral()).text


async def test_what_was_not_understood_is_still_said_after_the_warning_about_pending_quotes(
    world: World,
) -> None:
    """R6 comes first; a view carries 3,000 characters of its own."""
    await import_quote(world)
    alice = world.get_person("alice")
    await open_modal(alice, "/add-seats", "webinar 4 zoom 5 " + "é" * 3900, "cart.warning")
    await alice.press("cart.continue")
    form = await alice.wait_for_modal("cart.save")
    assert "You don’t have a subscription to “zoom” here." in form.text
    assert form.get_value(WEBINAR) == "4"
    assert world.slack.refusals == []


NUMBERS_AS_TYPED = {
    "webinar +5": "5",
    "5 webinar": "5",
    "+5 goto webinar": "5",
    "webinar x5": "5",
    "5× webinar": "5",
    "5 seats of webinar": "5",
    "webinar 1,000": "1000",
    "5 postes de GoTo Webinar": "5",
    "webinar 5 seats": "5",
    "5 x webinar": "5",
    "webinar x 5": "5",
    "webinar 5 please": "5",
    "webinar: 5.": "5",
    "Please add 5 more seats for webinar, thanks!": "5",
    "webinar 5 postes svp": "5",
    "ajouter 5 postes supplémentaires pour webinar": "5",
    "webinar please": "",
    "please": "",
    "R&amp;D 3 4": "4",
    "4 R&amp;D 3": "4",
    "R&amp;D 3": "",
}


async def test_numbers_are_understood_as_people_type_them(world: World) -> None:
    """R10: product first or number first; a product's name may end with a number; Slack escapes the text."""
    await change(world, Product, "goto-meeting", name="R&D 3")
    alice = world.get_person("alice")
    for words, number in NUMBERS_AS_TYPED.items():
        form = await open_modal(alice, "/add-seats", words, "cart.save")
        values = {form.get_value(MEETING), form.get_value(WEBINAR)} - {None}
        assert values == ({number} if number else set()), words
        assert "You don’t have" not in form.text, words
        await alice.close_modal()


@pytest.mark.parametrize("words", ["webinar 5", "GoTo  Webinar 5", "goto-webinar 5", "WEBINAR 5"])
async def test_command_text_overrides_the_stored_cart_for_its_product_only(world: World, words: str) -> None:
    """R10: and are stored only when the cart is saved."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=3, acme_webinar=1)
    await alice.close_modal()
    form = await open_modal(alice, "/add-seats", words, "cart.save")
    assert (form.get_value(MEETING), form.get_value(WEBINAR)) == ("3", "5")
    assert (await world.load_row(Cart)).seats == {"acme_meeting": 3, "acme_webinar": 1}
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert (await world.load_row(Cart)).seats == {"acme_meeting": 3, "acme_webinar": 5}


async def test_r10_a_product_alone_changes_no_number_and_a_number_alone_means_the_only_product(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_webinar=1)
    form = await open_modal(alice, "/add-seats", "webinar", "cart.save")
    assert form.get_value(WEBINAR) == "1"
    form = await open_modal(world.get_person("sam"), "/add-seats", "5", "cart.save")
    assert form.get_value("seats:slow_meeting") == "5"


# --- numbers after /quotes and /service-orders


async def test_a_quote_of_another_account_is_reported_like_one_that_does_not_exist(world: World) -> None:
    """R5: Dora learns nothing of SQ-1001, which is Acme's."""
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    await world.settle()
    dora = world.get_person("dora")
    seen = 0
    for number in ("SQ-1001", "SQ-9999", "xyz", "<!here>"):
        await dora.command("/quotes", number)
        seen += 1
        shown_as = number.replace("<", "&lt;").replace(">", "&gt;")
        assert (await dora.wait_for_ephemeral(seen)).text == (
            f"We can’t find quote {shown_as}. To see pending quotes, type /quotes."
        )
    for number in ("SO-1001", "SO-9999", "xyz"):
        await dora.command("/service-orders", number)
        seen += 1
        assert (await dora.wait_for_ephemeral(seen)).text == (
            f"We can’t find service order {number}. To see yours, type /service-orders."
        )
    assert dora.modal is None
    benoit = world.get_person("benoit")
    await benoit.command("/quotes", "SQ-9999")
    assert "SQ-9999" in (await benoit.wait_for_ephemeral()).text


async def test_a_decided_quote_and_a_finished_order_open_by_number_in_any_case(world: World) -> None:
    """Who decided it and when is told; there is nothing left to press but Back and the order."""
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    review = await open_modal(alice, "/quotes", "sq-1001", "quote.review")
    assert "Accepted* by Alice Martin on 10 Nov 2026, 10:00 (CET)" in review.text
    assert "SO-1001" in review.text
    assert review.submit_label is None
    assert not {"quote.approve", "quote.reject"} & set(review.action_ids)
    order = await open_modal(alice, "/service-orders", " so-1001 ", "service_order.show")
    assert "Completed" in order.text


async def test_r8_a_reason_that_is_too_long_is_refused_at_its_field(world: World) -> None:
    quote = await import_quote(world)
    for person, said in (
        (world.get_person("alice"), "Your reason is 501 characters long. The maximum is 500."),
        (world.get_person("benoit"), "501 caractères"),
    ):
        await open_modal(person, "/quotes", quote.number, "quote.review")
        await person.press("quote.reject")
        form = await person.wait_for_modal("quote.reject")
        before = await load_all_rows(world)
        reply = await form.fill("reason", "x" * 501).submit()
        assert list(reply.errors) == ["reason"]
        assert said in reply.errors["reason"]
        assert await load_all_rows(world) == before
    await form.fill("reason", "y" * 500).submit()
    await world.dependencies.tasks.wait_until_idle()
    assert (await world.load_row(Quote, number=quote.number)).reason == "y" * 500


# --- checkout

REQUIRED = {"en": "Fill in this field.", "fr": "Remplissez ce champ."}
TOO_LONG = "That’s too long. The maximum is 200 characters."


async def checkout_with(world: World, person: Person, **typed: str) -> Modal:
    """With all the fields that it can have."""
    await world.reach_checkout(person, acme_meeting=1)
    await world.open_address(person)
    form = await world.choose_new_administrator(person)
    for name, text in typed.items():
        form.fill(name, text)
    return form


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_each_missing_address_field_is_reported_at_its_field(world: World, language: str) -> None:
    person = world.get_person("alice" if language == "en" else "benoit")
    await world.reach_checkout(person, acme_meeting=1)
    form = await world.open_address(person)
    before = await load_all_rows(world)
    for part in ("line1", "postal_code", "city"):
        held = form.get_value(part)
        for blank in ("", "   "):
            reply = await form.fill(part, blank).submit()
            assert reply.errors == {part: REQUIRED[language]}
        form.fill(part, held)
    forge_choice(form, "country", None)
    assert (await form.submit()).errors == {"country": REQUIRED[language]}
    assert await load_all_rows(world) == before


async def test_all_invalid_fields_of_the_checkout_are_reported_together(world: World) -> None:
    """R10: forged choices and too long texts among them; the form keeps all that was typed."""
    alice = world.get_person("alice")
    form = await checkout_with(
        world,
        alice,
        admin_name="n" * 201,
        admin_email="not an address",
        line1="l" * 201,
        line2="m" * 201,
        city="",
    )
    forge_choice(form, "payment_method", "pm_acme_old")
    forge_choice(form, "country", "XX")
    before = await load_all_rows(world)
    reply = await form.submit()
    assert reply.errors == {
        "admin_name": TOO_LONG,
        "admin_email": "“not an address” isn’t an email address. Enter one such as name@example.com.",
        "payment_method": (
            "That payment method can’t be charged: it was removed, has expired, or isn’t set up for "
            "automatic payment. Choose another one."
        ),
        "line1": TOO_LONG,
        "line2": TOO_LONG,
        "city": "Fill in this field.",
        "country": "Choose a country from the list.",
    }
    assert form.get_value("admin_email") == "not an address"
    assert await load_all_rows(world) == before


def forge_choice(form: Modal, block_id: str, value: str | None) -> None:
    [state] = form.values[block_id].values()
    text = {"type": "plain_text", "text": value}
    state["selected_option"] = {"text": text, "value": value} if value else None


FORGED_OPTIONS = {
    "payment_method": ["pm_acme_old", "pm_acme_manual", "pm_good_1", "pm_nowhere", ""],
    "administrator": ["3", "999999", "hugo", "", "-1"],  # 3 is an administrator of another account
    "country": ["XX", "EU", "France", "F"],
}


async def test_options_the_form_does_not_offer_are_refused(world: World) -> None:
    """R3, R5: expired, not automatic, another account's, or made up."""
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=1)
    form = await world.open_address(alice)
    before = await load_all_rows(world)
    for field, forged in FORGED_OPTIONS.items():
        [state] = form.values[field].values()
        offered = state["selected_option"]
        for value in forged:
            forge_choice(form, field, value or None)
            reply = await form.submit()
            assert list(reply.errors) == [field], value
            assert await load_all_rows(world) == before
        state["selected_option"] = offered
    assert await world.load_rows(Checkout, is_saved=True) == []


async def test_r11_a_new_administrator_needs_a_name_and_an_address(world: World) -> None:
    form = await checkout_with(world, world.get_person("alice"))
    for email in ("", "zoe", "zoe@", "@acme.example", "zoe@acme", "a b@acme.example"):
        reply = await form.fill("admin_email", email).submit()
        assert sorted(reply.errors) == ["admin_email", "admin_name"], email
    assert await world.load_rows(ServiceOrder) == []


# --- help, unknown words, markup

HELP = {
    "/add-seats": ("orders additional seats", "postes"),
    "/quotes": ("pending quotes", "devis"),
    "/service-orders": ("service orders", "commandes de Service"),
    "/billing": ("billing portal", "portail"),
}


async def test_every_command_explains_itself_to_anybody(world: World) -> None:
    """In the ack itself, in the person's language, and with no word of any account."""
    before = await load_all_rows(world)
    for name, french in (("alice", False), ("benoit", True), ("nobody", False), ("guest", False)):
        person = world.get_person(name)
        for command, words in HELP.items():
            for asked in ("help", " HELP ", "aide", "?"):
                reply = await person.command(command, asked, channel="C01BILLING")
                assert reply.message is not None
                assert reply.message.only_for == person.id
                assert words[french] in reply.text, (command, reply.text)
                assert command in reply.text
                assert "Acme" not in reply.text
        assert person.modal is None
    assert await load_all_rows(world) == before


async def test_help_and_refusals_reach_a_person_whose_profile_is_unavailable(world: World) -> None:
    """R22: in English, since no account is theirs whose language could be taken instead."""
    world.slack.inject_fault("error_500", "users.info")
    reply = await world.get_person("nobody").command("/quotes", "help", channel="C01BILLING")
    assert "pending quotes" in reply.text
    reply = await world.get_person("nobody").command("/quotes", "help", channel="C02DECLINED")
    assert "pending quotes" in reply.text


async def test_an_unknown_word_is_answered_with_a_hint_to_help(world: World) -> None:
    alice = world.get_person("alice")
    await alice.command("/billing", "<!channel>")
    assert (await alice.wait_for_ephemeral()).text == (
        "“&lt;!channel&gt;” isn’t an option of /billing. To see what you can do, type /billing help."
    )
    benoit = world.get_person("benoit")
    await benoit.command("/billing", "factures")
    assert "« factures »" in plainly((await benoit.wait_for_ephemeral()).text)
    assert alice.modal is None


async def test_markup_in_names_and_typed_texts_mentions_nobody(world: World) -> None:
    """Names from the file, a reason, an address: Slack is sent none of it as markup, and is told to make no
    link of a bare URL or a channel's name."""
    wild = "<!channel> & <@U03DORA> *b* _i_ ~s~ `c` https://evil.example #general"
    await change(world, Account, "acme", name=wild)
    await change(world, Product, "goto-meeting", name=f"GoTo {wild}")
    contact = await world.load_row(BillingContact, email="alice@acme.example")
    await change(world, BillingContact, contact.id, name=wild)
    alice = world.get_person("alice")
    await checkout_with(world, alice, line1=wild, admin_name=wild, admin_email="zoe@acme.example")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    await open_modal(alice, "/billing", "", "account.overview")
    await world.save_cart(alice, acme_webinar=1)
    await open_modal(alice, "/quotes", "SQ-1002", "quote.review")
    await alice.press("quote.reject")
    form = await alice.wait_for_modal("quote.reject")
    await form.fill("reason", wild).submit()
    await open_modal(alice, "/quotes", "SQ-1002", "quote.review")
    await open_modal(alice, "/service-orders", "", "service_order.list")
    await alice.open_home()
    await world.get_person("nobody").command("/quotes", channel="C01BILLING")
    await world.settle()
    assert (await world.load_row(Quote, number="SQ-1002")).status is QuoteStatus.REJECTED

    sent = [text for call in world.slack.list_calls() for text in marked_up(call.args)]
    sent += [m.text for m in world.get_person("nobody").ephemerals]
    assert any("&lt;!channel&gt; &amp; &lt;@U03DORA&gt;" in text for text in sent)
    assert [text for text in sent if re.search(r"\*b\*|_i_|~s~|`c`", text)] == []
    texts = [text for call in world.slack.list_calls() for text in text_objects(call.args)]
    assert any("evil.example" in text["text"] for text in texts)
    assert [text for text in texts if text["type"] == "mrkdwn" and text.get("verbatim") is not True] == []
    assert [text for text in sent if "<!channel>" in text or "<@U03DORA>" in text] == []


async def test_a_reason_cannot_imitate_a_line_of_the_bots_own(world: World) -> None:
    """Nor its signs for headings, nor its address for a link."""
    quote = await import_quote(world)
    await world.settle()
    alice = world.get_person("alice")
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    await alice.press("quote.reject")
    form = await alice.wait_for_modal("quote.reject")
    await form.fill("reason", "Too dear\n*Seatbot security*\nhttps://evil.example/pay").submit()
    await world.settle()
    calls = [*world.slack.list_calls("chat.postMessage"), *world.slack.list_calls("chat.update")]
    notices = [text for call in calls for text in marked_up(call.args) if "Seatbot" in text]
    assert notices
    line = "Too dear ∗Seatbot security∗ https://evil.example/pay"
    assert [text for text in notices if line not in text] == []


def text_objects(sent: Any) -> list[Any]:
    if isinstance(sent, dict):
        found = [sent] if sent.get("type") in ("mrkdwn", "plain_text") else []
        return found + [text for value in sent.values() for text in text_objects(value)]
    return [text for item in sent for text in text_objects(item)] if isinstance(sent, list) else []


def marked_up(sent: Any) -> list[str]:
    """Every text that Slack reads as mrkdwn."""
    if isinstance(sent, dict):
        if sent.get("type") == "mrkdwn":
            return [str(sent["text"])]
        top = [sent["text"]] if isinstance(sent.get("text"), str) and "type" not in sent else []
        return top + [text for value in sent.values() for text in marked_up(value)]
    return [text for item in sent for text in marked_up(item)] if isinstance(sent, list) else []
