"""What stands in the way of an order, and the way on from there (R2, R3, R4, R8, R14, R15)."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from models.account import Account, Portal
from models.audit.entry import AuditEntry
from models.cart import Cart
from models.notice import Notice, NoticeKind
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.service_order import ServiceOrder
from models.subscription import Subscription
from sandbox.driver import Modal, Person
from sandbox.person import Surface
from tests.handlers.db_snapshot import change, get_answer, load_all_rows, post_button, show_button, show_form
from tests.handlers.steps import (
    capture_log,
    find_messages,
    import_account,
    import_quote,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World

NO_CARD = (
    "To order seats, the account needs a valid payment method, such as a credit or debit card, that is its "
    "default and can be charged automatically."
)
CORPORATE = "https://link.logmeininc.com/corp-billing"
ADMIN = "https://admin.goto.com/billing/payment-methods"
SERVICES = "https://support.goto.com/corporate-account-services"

CARD = {"id": "pm_acme", "brand": "visa", "last4": "4242", "expires": "2028-04", "automatic": True}


def list_links(screen: Surface) -> list[str]:
    """The URLs of a screen's buttons."""
    found = []
    for block in screen.blocks:
        elements = block.get("elements", []) + ([block["accessory"]] if "accessory" in block else [])
        found += [element["url"] for element in elements if "url" in element]
    return found


def parts_on_screen(screen: Surface) -> list[str]:
    return [str(block.get("block_id")) for block in screen.blocks if block["type"] == "input"]


async def add_seats(person: Person, callback_id: str) -> Modal:
    return await open_modal(person, "/add-seats", "", callback_id)


async def test_a_product_that_supports_no_more_seats_is_shown_with_the_reason(world: World) -> None:
    """R2, R14: not selectable; Account Services are a button away."""
    cart = await world.fill_cart(world.get_person("alice"))
    assert parts_on_screen(cart) == ["seats:acme_meeting", "seats:acme_webinar"]
    [rescue] = [b["text"]["text"] for b in cart.blocks if "Rescue" in str(b.get("text", ""))]
    assert "3 seats" in rescue
    assert "Rescue is sold by contract only." in rescue
    assert SERVICES in list_links(cart)


async def test_r22_the_reason_is_in_the_readers_language(world: World) -> None:
    cart = await world.fill_cart(world.get_person("benoit"))
    assert "Rescue est vendu uniquement sous contrat." in cart.text
    assert "contract only" not in cart.text


async def test_r2_a_command_for_an_ineligible_product_is_refused_with_the_reason(
    world: World,
) -> None:
    alice = world.get_person("alice")
    before = await load_all_rows(world)
    await alice.command("/add-seats", "rescue 2")
    said = await alice.wait_for_ephemeral()
    assert "Rescue is sold by contract only." in said.text
    assert alice.modal is None
    after = await load_all_rows(world)
    assert (after["cart"], after["quote"]) == (before["cart"], before["quote"])


async def test_an_account_that_is_not_self_served_is_not_asked_for_a_card(world: World) -> None:
    """R2, R4, R14, R15: it would not help, and the way to add one changes the account's portal for good."""
    ida = world.get_person("ida")
    refused = await add_seats(ida, "cart.blocked")
    assert "Your contract is managed by Account Services." in refused.text
    assert NO_CARD not in refused.text
    assert "any of Ineligible AG’s subscriptions" not in refused.text  # The account is not self-served.
    assert "Rescue is sold by contract only." in refused.text
    assert list_links(refused).count(SERVICES) == 1
    assert "account.manage_methods" not in refused.action_ids
    assert refused.submit_label is None
    assert await world.load_rows(Quote) == []


async def test_r2_an_account_without_an_orderable_subscription_sees_a_refusal(world: World) -> None:
    """All refusals are reported together, with their remedies (R3, R4, R14)."""
    await change(world, Account, "ineligible", self_service=True)
    ida = world.get_person("ida")
    refused = await add_seats(ida, "cart.blocked")
    assert NO_CARD in refused.text
    assert "You can’t add seats to any of Ineligible AG’s subscriptions here." in refused.text
    assert "Rescue is sold by contract only." in refused.text
    assert list_links(refused).count(SERVICES) == 1
    await refused.press("account.manage_methods")
    assert (await ida.wait_for_modal("account.portal")).text


async def test_an_expired_default_card_stops_an_order_in_the_persons_language(world: World) -> None:
    """R3, R14, R22: Noé reads French; his account has a card of January."""
    noe = world.get_person("noe")
    refused = await add_seats(noe, "cart.blocked")
    assert "doit avoir par défaut un mode de paiement valide" in refused.text
    assert "à aucun des abonnements" not in refused.text, "GoTo Meeting could be ordered"
    assert "account.manage_methods" in refused.action_ids
    assert SERVICES in list_links(refused)


@pytest.mark.parametrize(
    "default",
    [
        {"automatic": False},
        {"is_default": False},
        {"active": False},
        {"expiry_year": 2026, "expiry_month": 10},
    ],
    ids=["not automatic", "not the default", "withdrawn", "expired last month"],
)
async def test_checkout_is_blocked_without_a_valid_automatic_default(
    world: World, default: dict[str, Any]
) -> None:
    """R3: not from the start, not from a cart that is open, not from a quote's review."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=1)
    await alice.press("cart.edit")
    cart = await alice.wait_for_modal("cart.save")
    await change(world, PaymentMethod, "pm_acme", **default)
    cart.fill("seats:acme_webinar", 2)
    await alice.submit()
    refused = await wait_for_modal_text(alice, NO_CARD)
    assert "account.manage_methods" in refused.action_ids
    assert SERVICES in list_links(refused)
    [quote] = await world.load_rows(Quote)
    assert quote.status == "pending"
    assert (await world.load_row(Cart)).seats == {"acme_meeting": 1, "acme_webinar": 2}

    assert NO_CARD in (await add_seats(alice, "cart.blocked")).text
    for way_in in ("quote.approve", "quote.open"):
        await open_modal(alice, "/quotes", "", "quote.list")
        await alice.press(way_in)
        if way_in == "quote.open":
            await alice.wait_for_modal("quote.review")
            await alice.submit()
        refused = await alice.wait_for_modal("refusal.show")
        assert NO_CARD in refused.text
        assert "account.manage_methods" in refused.action_ids


async def test_a_card_is_good_through_the_last_day_of_its_month_in_the_accounts_zone(world: World) -> None:
    """R3: midnight in Paris comes an hour before midnight in UTC."""
    await change(world, PaymentMethod, "pm_acme", expiry_year=2026, expiry_month=11)
    alice = world.get_person("alice")
    world.clock.move(days=20, hours=13, minutes=59)  # 30 November, 22:59 UTC, 23:59 in Paris
    await world.fill_cart(alice)
    world.clock.move(minutes=1)
    assert NO_CARD in (await add_seats(alice, "cart.blocked")).text


async def test_a_subscription_made_ineligible_is_shown_as_such_and_other_input_is_kept(
    world: World,
) -> None:
    """R4: also where its field is on the screen already."""
    alice = world.get_person("alice")
    cart = await world.fill_cart(alice, acme_meeting=4, acme_webinar=2)
    await change(
        world, Subscription, "acme_webinar", self_service=False, self_service_reason="Under negotiation."
    )
    await cart.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "You can’t order seats for this GoTo Webinar subscription here." in refused.text
    assert "Under negotiation." in refused.text
    assert SERVICES in list_links(refused)
    assert await world.load_rows(Quote) == []
    await alice.press("cart.edit")
    cart = await alice.wait_for_modal("cart.save")
    assert parts_on_screen(cart) == ["seats:acme_meeting"]
    assert cart.get_value("seats:acme_meeting") == "4"
    assert "Under negotiation." in cart.text
    await alice.submit()
    review = await alice.wait_for_modal("quote.review")
    assert "Webinar" not in review.text


async def test_an_untouched_field_of_an_ineligible_subscription_blocks_nothing(world: World) -> None:
    """R4: only what is ordered must be eligible."""
    alice = world.get_person("alice")
    cart = await world.fill_cart(alice, acme_meeting=4)
    await change(world, Subscription, "acme_webinar", self_service=False)
    await cart.submit()
    assert "GoTo Meeting" in (await alice.wait_for_modal("quote.review")).text


@pytest.mark.parametrize("what", ["account", "subscription"])
async def test_an_order_that_became_ineligible_after_checkout_is_not_placed(world: World, what: str) -> None:
    """R4: a cart's quote; the quote stays pending."""
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=4)
    table, key = (Account, "acme") if what == "account" else (Subscription, "acme_meeting")
    await change(world, table, key, self_service=False, self_service_reason="Under negotiation.")
    await placement.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "Under negotiation." in refused.text
    assert SERVICES in list_links(refused)
    assert (await world.load_row(Quote)).status == "pending"
    assert await world.load_rows(ServiceOrder) == []


async def test_a_quote_made_elsewhere_is_placed_though_its_cart_would_be_refused(world: World) -> None:
    """R8: R2 and R4 govern carts."""
    quote = await import_quote(world)
    await change(world, Account, "acme", self_service=False)
    await change(world, Subscription, "acme_meeting", self_service=False)
    alice = world.get_person("alice")
    await add_seats(alice, "cart.blocked")
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    for step in ("service_order.place", "service_order.show"):
        await alice.submit()
        await alice.wait_for_modal(step)
    await world.settle()
    assert (await world.load_row(ServiceOrder)).status == "completed"
    assert await world.load_seats("acme_meeting") == (35, 35)


async def test_a_quote_made_elsewhere_needs_the_card_too(world: World) -> None:
    """R8: R3 holds for it, at checkout and at placement."""
    quote = await import_quote(world)
    alice = world.get_person("alice")
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    await change(world, PaymentMethod, "pm_acme", automatic=False)
    await placement.submit()
    assert NO_CARD in (await alice.wait_for_modal("refusal.show")).text
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    await alice.submit()
    assert NO_CARD in (await alice.wait_for_modal("refusal.show")).text
    assert await world.load_rows(ServiceOrder) == []


@pytest.mark.parametrize("gone", [{"active": False}, {"expiry_year": 2026, "expiry_month": 10}])
async def test_a_chosen_card_that_was_removed_before_placement_leads_back_to_checkout(
    world: World, gone: dict[str, Any]
) -> None:
    """R3, R20: nothing is charged; the default is still there, so another card can be chosen."""
    alice = world.get_person("alice")
    checkout = await world.reach_checkout(alice, acme_meeting=4)
    checkout.fill("payment_method", "pm_acme_2")
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    await change(world, PaymentMethod, "pm_acme_2", **gone)
    await placement.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "no longer valid" in refused.text
    assert await world.load_rows(ServiceOrder) == []
    await alice.press("checkout.edit")
    checkout = await alice.wait_for_modal("checkout.save")
    offered = [o["value"] for o in checkout.get_element("payment_method")["options"]]
    assert offered == ["pm_acme"]
    checkout.fill("payment_method", "pm_acme")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    assert (await world.load_row(ServiceOrder)).payment_method_id == "pm_acme"


async def test_an_account_without_a_channel_can_still_order(world: World) -> None:
    """R16: what would go to the channel comes to the person by direct message, and none of it is lost."""
    card = {**CARD, "id": "pm_cardless_new", "expires": "2028-04", "default": True}
    await import_account(world, "cardless", payment_methods=[card])
    noe = world.get_person("noe")
    await world.place_order(noe, cardless_meeting=2)
    await world.settle()
    order = await world.load_row(ServiceOrder)
    assert order.status == "completed"
    reply = "\n".join(message.text for message in find_messages(noe.dms, order.number))
    for words in ("terminée", "reçu R-1001"):
        assert words.casefold() in reply.casefold(), reply
    assert await world.load_rows(Notice, status="waiting") == []
    assert await world.load_seats("cardless_meeting") == (5, 5)


async def test_managing_payment_methods_warns_before_it_switches_the_portal(world: World) -> None:
    """R15: opening the billing portal changes nothing; asking for the payment methods changes nothing yet."""
    alice = world.get_person("alice")
    billing = await open_modal(alice, "/billing", "", "account.overview")
    assert CORPORATE in list_links(billing)
    assert ADMIN not in list_links(billing)
    await billing.press("account.open_portal")
    assert (await world.load_row(Account, id="acme")).default_portal is Portal.CORPORATE
    before = await load_all_rows(world)
    await alice.press("account.manage_methods")
    warning = await alice.wait_for_modal("account.portal")
    for reply in (
        "GoTo Admin becomes your default billing portal",
        "The Corporate Billing Portal is no longer available to you",
        "Your billing information and permissions stay the same",
        "invoices",
        "accept quotes",
        "manage subscriptions",
        "view and update billing information",
    ):
        assert reply in warning.text
    assert list_links(warning) == [], "the link is revealed by the confirmed button"
    assert warning.get_element(action_id="account.switch_portal")["confirm"]
    assert await load_all_rows(world) == before
    await alice.press("account.overview")
    await alice.wait_for_modal("account.overview")


async def test_the_portal_switch_is_permanent_announced_once_and_followed_by_every_link(world: World) -> None:
    """R15: for the account, so for Benoît too; the bot goes on working."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    warning = await alice.wait_for_modal("account.portal")
    stale = warning.copy()
    await warning.press("account.switch_portal")
    await alice.wait_until(lambda: alice.modal and list_links(alice.modal))
    assert alice.modal
    assert list_links(alice.modal) == [ADMIN]
    await stale.press("account.switch_portal")
    await world.settle()
    assert (await world.load_row(Account, id="acme")).default_portal is Portal.ADMIN
    [reply] = await world.load_rows(Notice, kind=NoticeKind.PORTAL_CHANGED)
    assert reply.payload["by"] == "Alice Martin"
    [message] = find_messages(benoit.dms, "Alice Martin")
    assert "GoTo Admin" in message.text
    assert find_messages(alice.dms, "GoTo Admin") == [], "who did it need not be told"
    [entry] = [
        e for e in await world.load_rows(AuditEntry, account_id="acme") if e.action == "portal_switched"
    ]
    assert (entry.from_status, entry.to_status, entry.actor_name) == ("corporate", "admin", "Alice Martin")

    for person in (alice, benoit):
        billing = await open_modal(person, "/billing", "", "account.overview")
        assert ADMIN in list_links(billing)
        assert CORPORATE not in list_links(billing)
        await person.open_home()
        await world.dependencies.tasks.wait_until_idle()
        assert person.home is not None
        assert CORPORATE not in list_links(person.home)
        await person.close_modal()
    await open_modal(benoit, "/billing", "", "account.overview")
    await benoit.press("account.manage_methods")
    again = await benoit.wait_for_modal("account.portal")
    assert list_links(again) == [ADMIN], "no warning any more: nothing would change"
    await import_account(world, "acme", name="Acme & Cie")
    assert (await world.load_row(Account, id="acme")).default_portal is Portal.ADMIN
    await alice.close_modal(everything=True) if alice.modal else None
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    assert (await world.load_row(ServiceOrder)).status == "completed"


async def test_the_other_accounts_portal_is_not_touched(world: World) -> None:
    """R15: the default portal is the account's."""
    alice, dora = world.get_person("alice"), world.get_person("dora")
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_for_modal("account.portal")
    await alice.press("account.switch_portal")
    await world.settle()
    assert CORPORATE in list_links(await open_modal(dora, "/billing", "", "account.overview"))
    assert find_messages(dora.dms, "GoTo Admin") == []


async def test_only_slacks_own_answer_at_a_response_url_counts_as_delivered(world: World) -> None:
    """A proxy's page in Latin-1 that does not say so, nothing, or a refusal: the person is told elsewhere."""
    nobody = world.get_person("nobody")
    await nobody.command("/quotes", channel="C01BILLING")
    await nobody.wait_for_ephemeral()
    bodies = [b"<html>Zugriff verweigert f\xfcr diese Seite</html>", b"", b'{"ok": false}', b"[]", b" ok\n"]
    answers, command = iter(bodies), world.slack.requests[-1]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=next(answers), content_type="text/html")

    app = web.Application()
    app.router.add_post("/", answer)
    with capture_log(world) as stream:
        async with TestServer(app) as server:
            url = str(server.make_url("/"))
            for body in bodies:
                await world.slack.forge(command, lambda payload: payload.update(response_url=url))
                await world.dependencies.tasks.wait_until_idle()
                assert (nobody.modal is None) is (body == b" ok\n"), body
                if nobody.modal:
                    await nobody.close_modal(everything=True)
    assert "task.failed" not in stream.getvalue()


async def test_a_refusal_falls_back_to_the_next_way_to_reach_the_person(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """R20: a private line, else a screen, else a direct message."""
    nobody = world.get_person("nobody")
    world.slack.inject_fault("error_500", "response_url")
    await nobody.command("/quotes", channel="C01BILLING")
    screen = await nobody.wait_for_modal("refusal.show")
    assert "Alice Martin" in screen.text
    await nobody.close_modal()
    world.slack.inject_fault("error_500", "views.open")
    await nobody.command("/quotes", channel="C01BILLING")
    assert "Alice Martin" in (await nobody.wait_for_dm()).text
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_r20_a_button_or_form_of_another_version_says_what_to_do_instead(world: World) -> None:
    """Logged once for each id, and an id that is none of ours not as it is."""
    alice, said = world.get_person("alice"), "belongs to another version of the app, so nothing was changed."
    with capture_log(world) as stream:
        for _ in range(2):
            message = await post_button(world, "C01BILLING", "quote.of_old", "7")
            seen = len(alice.ephemerals)
            await alice.press_in(message, "quote.of_old")
            assert said in await get_answer(world, alice, seen)
        show_button(alice, "Odd button", "7", "{}")
        await alice.press("Odd button")
        await wait_for_modal_text(alice, said)
        show_form(alice, "cart.of_old", "{}", "seats:acme_meeting")
        await alice.submit()
        await wait_for_modal_text(alice, said)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    controls = [line["handler"] for line in lines if line["event"] == "request.unrouted"]
    assert controls == ["quote.of_old", "unknown", "cart.of_old"]
