"""Records what Slack sends during a tour of every command, button, form and screen."""

from typing import Any

import pytest

from bot.blocks.home import page as home_page
from bot.use_cases.service_order import read as read_order
from handlers.routes import ROUTES
from models.account.billing_contact import BillingContact
from models.invoice import Invoice
from sandbox.driver import Person
from sandbox.traffic import AppRequest
from tests.handlers.db_snapshot import show_button
from tests.handlers.steps import (
    find_newest_message,
    import_file,
    import_invoiced_subscription,
    import_quote,
    open_modal,
    wait_for_modal_text,
)
from tests.world import ACCOUNTS, World, choose
from tests.yaml_files import read_yaml

# Typed into every text field; it must never appear in a log.
MARKER = "xyzzyplugh"


async def record_requests(world: World) -> list[AppRequest]:
    """Each request of a tour through the whole bot. Afterwards no order is under way."""
    tour = (
        _visit_quotes,
        _visit_orders,
        _visit_declined_order,
        _visit_customer_confirmation,
        _visit_invoices,
        _visit_several_accounts,
        _visit_account,
        _visit_contacts,
        _visit_extensions,
        _visit_uninstalled,
    )
    for part in tour:
        await part(world)
        await world.settle()
    requests = world.slack.requests
    missing = {(route.kind, route.id) for route in ROUTES} - {get_route(r.payload) for r in requests}
    assert not missing, missing
    return requests


def get_route(payload: dict[str, Any]) -> tuple[str, str]:
    """The kind and id of a payload's route; an empty kind if there is none."""
    match payload:
        case {"command": str(id_)}:
            kinds: tuple[str, ...] = ("command",)
        case {"type": "block_actions", "actions": [{"action_id": str(id_)}, *_]}:
            kinds = ("show", "change", "link")
        case {"type": "view_submission", "view": {"callback_id": str(id_)}}:
            kinds = ("submit",)
        case {"type": "shortcut", "callback_id": str(id_)}:
            kinds = ("shortcut",)
        case {"type": "event_callback", "event": {"type": str(id_)}}:
            kinds = ("event", "uninstall")
        case _:
            return "", ""
    return next(((r.kind, id_) for r in ROUTES if r.id == id_ and r.kind in kinds), ("", id_))


async def _follow_steps(person: Person, *steps: tuple[str, str]) -> None:
    """Each press or submit (an empty action) and the screen it leads to."""
    for action_id, callback_id in steps:
        await (person.press(action_id) if action_id else person.submit())
        await person.wait_for_modal(callback_id)


async def _visit_quotes(world: World) -> None:
    """Alice rejects one that was pending, and consents to replace another."""
    await import_quote(world, "Q-2041")
    await import_quote(world, "Q-2042")
    alice = world.get_person("alice")
    await alice.command("/quotes", MARKER)
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await _follow_steps(alice, ("quote.list", "quote.list"), ("quote.reject", "quote.reject"))
    alice.fill("reason", f"Too dear: {MARKER}")
    await _follow_steps(alice, ("", "quote.list"))
    await open_modal(alice, "/add-seats", f"{MARKER} 5", "cart.warning")
    await alice.close_modal(everything=True)
    await open_modal(alice, "/add-seats", "meeting 5", "cart.warning")
    await _follow_steps(alice, ("quote.approve", "service_order.place"), ("quote.open", "quote.review"))
    await open_modal(alice, "/add-seats", "meeting 5", "cart.warning")
    await _follow_steps(
        alice, ("quote.open", "quote.review"), ("cart.warn", "cart.warning"), ("cart.continue", "cart.save")
    )


async def _visit_orders(world: World) -> None:
    """Alice orders, going back at each step, and once more: with one order per page, there are two pages."""
    alice = world.get_person("alice")
    alice.fill("seats:acme_webinar", 1)
    await _follow_steps(
        alice, ("", "quote.review"), ("cart.edit", "cart.save"), ("cart.go_on", "quote.review")
    )
    await _follow_steps(alice, ("", "service_order.place"), ("checkout.edit", "checkout.save"))
    await _follow_steps(alice, ("checkout.back", "quote.review"), ("", "service_order.place"))
    (await world.choose_new_administrator(alice)).fill("admin_name", MARKER)
    await choose(alice, "checkout.choose_administrator", "1")
    await world.choose_country(alice, "FR")
    alice.fill("line2", MARKER)
    await _follow_steps(alice, ("", "service_order.place"), ("", "service_order.show"))
    await alice.close_modal()
    await world.place_order(alice, acme_meeting=1)
    await open_modal(alice, "/service-orders", "", "service_order.list")
    await _follow_steps(alice, ("service_order.open", "service_order.show"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_order, "PAGE_SIZE", 1)
        await _follow_steps(alice, ("service_order.list", "service_order.list"))
        await alice.press("service_order.more")
        await wait_for_modal_text(alice, "SO-1001")
    # Buttons that only long lists have.
    show_button(alice, "service_order.history", "0", '{"account": "acme", "order": 1}')
    await _follow_steps(alice, ("service_order.history", "service_order.history"))
    show_button(alice, "receipt.more", "99", '{"account": "acme"}')
    await _follow_steps(alice, ("receipt.more", "receipt.list"))


async def _visit_declined_order(world: World) -> None:
    """Dora retries one order with another card, and cancels the next, from the message about it."""
    dora = world.get_person("dora")
    for _ in range(2):
        await world.place_order(dora, declined_meeting=1)
        await world.settle()
        await dora.close_modal(everything=True)
        asked = find_newest_message(dora.dms, "payment declined")
        if await world.load_seats("declined_meeting") == (10, 10):
            await dora.press_in(asked, "service_order.retry")
            (await dora.wait_for_modal("service_order.retry")).fill("payment_method", "pm_good_1")
            await _follow_steps(dora, ("", "service_order.show"))
            await world.settle()
            await dora.close_modal(everything=True)
        else:
            await dora.press_in(asked, "service_order.give_up")
            await wait_for_modal_text(dora, "Failed")


async def _visit_customer_confirmation(world: World) -> None:
    """Carla confirms a payment."""
    carla = world.get_person("carla")
    await world.place_order(carla, customer_assist=1)
    await world.settle()
    await carla.close_modal(everything=True)
    await carla.press("service_order.confirm_payment")
    await world.pass_time(minutes=1)


async def _visit_invoices(world: World) -> None:
    """Carla orders on invoice, and opens the page to pay it."""
    await import_invoiced_subscription(world, "customer", "sub_paid_86400")
    carla = world.get_person("carla")
    await world.place_order(carla, sub_paid_86400=1)
    await world.settle()
    await carla.close_modal(everything=True)
    await world.pass_time(seconds=15)
    invoice = await world.load_row(Invoice)
    await carla.press_in(find_newest_message(carla.dms, f"Invoice {invoice.number} for"), "invoice.open")
    await carla.wait_for_modal("invoice.open")
    await carla.press("invoice.pay")
    await carla.close_modal(everything=True)


async def _visit_several_accounts(world: World) -> None:
    """Sam has another account, with more subscriptions than a page shows."""
    listed = read_yaml(ACCOUNTS)
    slow = next(account for account in listed["accounts"] if account["id"] == "slow")
    [subscription], [method] = slow["subscriptions"], slow["payment_methods"]
    many = [{**subscription, "id": f"wide_{number}"} for number in range(45)]
    wide = {**slow, "id": "wide", "name": "Wide Inc", "channel": None, "subscriptions": many}
    wide["payment_methods"] = [{**method, "id": "pm_wide"}]
    await import_file(world, {k: v for k, v in wide.items() if v is not None}, listed["products"])
    sam = world.get_person("sam")
    await open_modal(sam, "/add-seats", "", "cart.choose")
    await sam.press("cart.account", "wide")
    (await sam.wait_for_modal("cart.save")).fill("seats:wide_0", 1)
    await _follow_steps(sam, ("cart.page", "cart.save"))
    await wait_for_modal_text(sam, "2 of 2")
    await _follow_steps(sam, ("cart.back", "cart.choose"))
    await sam.close_modal(everything=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home_page, "MAX_BLOCKS", 1)
        await sam.open_home()
        for action_id in ("home.next", "home.previous"):
            await world.pass_time(seconds=2)
            await sam.press(action_id)


async def _visit_account(world: World) -> None:
    """The screens of an account, and the buttons on them."""
    alice = world.get_person("alice")
    await alice.close_modal(everything=True)
    await alice.shortcut("cart.add_seats")
    await world.dependencies.tasks.wait_until_idle()
    await alice.close_modal(everything=True)
    await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    await _follow_steps(alice, ("cart.repeat", "cart.save"))
    await alice.close_modal(everything=True)
    await alice.open_home()
    await world.dependencies.tasks.wait_until_idle()
    await alice.press("notification_preferences.open")
    (await alice.wait_for_modal("notification_preferences.save")).fill("wanted", ["orders"]).fill(
        "delivery", "daily"
    )
    await alice.submit()
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.open_portal")
    await alice.press("account.contact_services")
    await _follow_steps(
        alice,
        ("receipt.list", "receipt.list"),
        ("receipt.send", "receipt.sent"),
        ("receipt.list", "receipt.list"),
        ("receipt_export.open", "receipt_export.send"),
    )
    for block_id, day in (("until", "2026-11-30"), ("since", "2026-11-01")):
        await alice.press("receipt_export.open", day, block_id=block_id)
    await wait_for_modal_text(alice, "in one email")
    await _follow_steps(
        alice,
        ("", "receipt_export.show"),
        ("receipt_export.open", "receipt_export.send"),
        ("receipt_export.show", "receipt_export.show"),
        ("receipt_export.open", "receipt_export.send"),
        ("receipt.list", "receipt.list"),
        ("account.overview", "account.overview"),
    )
    await _follow_steps(alice, ("account.manage_methods", "account.portal"))
    await alice.press("account.switch_portal")
    await wait_for_modal_text(alice, "GoTo Admin is now the default billing portal")
    await alice.press("account.open_methods")
    await _follow_steps(alice, ("account.overview", "account.overview"), ("cart.open", "cart.save"))


async def _visit_contacts(world: World) -> None:
    """Alice invites three colleagues, one of whom accepts, and withdraws her again."""
    alice = world.get_person("alice")
    await open_modal(alice, "/billing", "", "account.overview")
    await _follow_steps(alice, ("billing_contact.list", "billing_contact.list"))
    for user_id in ("U10NOBODY", "U12VERA", "U09IDA"):
        await _follow_steps(alice, ("billing_contact.invite", "billing_contact.invite"))
        alice.fill("colleague", user_id)
        await _follow_steps(alice, ("", "billing_contact.list"))
        await world.settle()
    for name, verb in (("nobody", "accept"), ("vera", "decline")):
        person = world.get_person(name)
        await person.press_in(find_newest_message(person.dms, "invited you"), f"billing_contact.{verb}")
        await person.wait_for_modal("billing_contact.show")
        await person.close_modal(everything=True)
        await world.settle()
    await open_modal(alice, "/billing", "", "account.overview")
    await _follow_steps(alice, ("billing_contact.list", "billing_contact.list"))
    await alice.press("billing_contact.cancel")
    added = await world.load_row(BillingContact, email="nobody@acme.example")
    await alice.press("billing_contact.withdraw", str(added.key))
    await world.dependencies.tasks.wait_until_idle()
    await alice.close_modal(everything=True)


async def _visit_extensions(world: World) -> None:
    """Alice forwards a quote and asks for more time twice; Account Services agree once."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    for number, verb in (("Q-2051", "approve"), ("Q-2052", "decline")):
        await import_quote(world, number, expires="2026-11-20")
        await world.settle()
        await open_modal(alice, "/quotes", number, "quote.review")
        await _follow_steps(alice, ("quote.send", "quote.sent"))
        await open_modal(alice, "/quotes", number, "quote.review")
        await _follow_steps(alice, ("quote_extension.ask", "quote_extension.request"))
        alice.fill("until", "2026-11-27").fill("reason", MARKER)
        await alice.submit()
        await world.settle()
        await alice.close_modal(everything=True)
        await vera.press_in(
            find_newest_message(world.list_messages("C08SERVICES"), number), f"quote_extension.{verb}"
        )
        await vera.wait_for_modal(f"quote_extension.{verb}")
        await vera.submit()
        await world.settle()


async def _visit_uninstalled(world: World) -> None:
    """The bot is uninstalled, and access of another workspace is granted and revoked."""
    bot = world.slack.slack.workspace.installations[0].bot_user_id
    await world.slack.send_event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}})
    await world.slack.send_event({"type": "app_uninstalled"})
    for event_type in ("team_access_granted", "team_access_revoked"):
        await world.slack.send_event({"type": event_type, "team_ids": ["T09ELSEWHERE"]})
