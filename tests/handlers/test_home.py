"""The Home tab: what waits first, and whatever changes anywhere is on it within a second (R1, R5, R24)."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.use_cases.accounts_import.run import import_accounts
from bot.use_cases.home.publish import CHART_BLOCK
from models.audit.entry import AuditEntry
from models.home import HomeAccount, RejectedBlock
from models.ledger import LedgerSubscription
from sandbox.block_kit import load_table
from scheduler import JOBS
from tests.handlers.db_snapshot import change
from tests.handlers.homes import get_home_text, open_home
from tests.handlers.steps import get_quote, import_account, import_quote, open_modal
from tests.world import World

# --- what it shows


async def test_a_quote_is_rejected_and_an_order_followed_on_home(world: World) -> None:
    """R8: its buttons act, and the Home is published again."""
    await import_quote(world)
    alice = await open_home(world, "alice")
    assert (
        get_home_text(alice).index("Needs your attention")
        < get_home_text(alice).index("Q-2041")
        < get_home_text(alice).index("25 seats")
    )
    assert "Visa •••• 4242, expires 04/2028" in get_home_text(alice)
    assert "Next renewals, before tax" in get_home_text(alice)
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    await world.settle()
    assert "Nothing needs your attention." in get_home_text(alice)
    assert "Q-2041" not in get_home_text(alice)
    await alice.close_modal(everything=True)

    await world.place_order(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    await world.settle()
    assert "30 seats" in get_home_text(alice)
    assert "R-1001" in get_home_text(alice)
    assert "25 seats before" in get_home_text(alice)
    assert "30 seats since" in get_home_text(alice)


async def test_r14_a_declined_order_is_shown_on_home_with_its_next_steps(world: World) -> None:
    dora = await open_home(world, "dora")
    await world.place_order(dora, declined_meeting=2)
    await dora.close_modal(everything=True)
    await world.settle()
    words = get_home_text(dora)
    assert words.index("Action needed") < words.index("10 seats")
    assert "the card was declined" in words
    await dora.press("service_order.give_up")
    await dora.wait_for_modal("service_order.show")
    await dora.close_modal(everything=True)
    await world.settle()
    assert "Failed" in get_home_text(dora)
    assert "Nothing was billed and no seats were added" in get_home_text(dora)
    world.clock.move(days=8)
    await dora.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert "Nothing needs your attention." in get_home_text(dora), "a failed order waits for a week"


async def test_r18_a_payment_to_confirm_is_shown_on_home_until_it_is_done(world: World) -> None:
    carla = await open_home(world, "carla")
    await world.place_order(carla, customer_assist=1)
    await carla.close_modal(everything=True)
    await world.settle()
    assert "Your bank needs you to confirm the payment" in get_home_text(carla)
    links = [e.get("url") for b in carla.home.blocks if (e := b.get("accessory"))] if carla.home else []
    assert world.dependencies.settings.admin_portal_url in links
    await world.pass_time(seconds=40)
    assert "Nothing needs your attention." in get_home_text(carla)
    assert "8 seats" in get_home_text(carla)


async def test_a_person_without_the_role_sees_whom_to_ask_and_gets_the_view_once_they_have_it(
    world: World,
) -> None:
    """R1: linked by an import while they look at it."""
    nora = await open_home(world, "nobody")
    assert "aren’t registered as a billing contact" in get_home_text(nora)
    assert "Acme SA" not in get_home_text(nora)
    contacts = [
        {"email": "alice@acme.example", "name": "Alice Martin", "slack_user": "U01ALICE"},
        {"email": "nobody@acme.example", "name": "Nora Body"},
    ]
    await import_account(world, "acme", billing_contacts=contacts)
    await world.settle()
    assert "25 seats" in get_home_text(nora)


async def test_home_shows_nothing_after_the_role_is_lost(world: World) -> None:
    """R1: withdrawn, and bound to somebody else: nobody has to open theirs again for it."""
    alice, benoit = await open_home(world, "alice"), await open_home(world, "benoit")
    assert "Acme SA" in get_home_text(alice)
    assert "Acme SA" in get_home_text(benoit)
    rebound = {"email": "alice@acme.example", "name": "Alice Martin", "slack_user": "U10NOBODY"}
    await import_account(world, "acme", billing_contacts=[rebound])
    await world.settle()
    for person in (alice, benoit):
        assert "Acme SA" not in get_home_text(person)
        assert "25" not in get_home_text(person)
    assert await world.load_rows(HomeAccount) == []


async def test_r5_home_says_so_if_slack_is_unavailable(world: World) -> None:
    world.slack.inject_fault("error_500", "users.info")
    alice = world.get_person("alice")
    await alice.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert "Slack n’a pas confirmé votre identité" in get_home_text(alice), "in the account's language so far"
    world.slack.slack.faults.reset()
    await alice.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert "Acme SA" in get_home_text(alice)


# --- following


async def test_home_is_updated_by_every_change(world: World) -> None:
    """By a colleague in the channel, elsewhere, by the clock, and by the provider."""
    alice, benoit = await open_home(world, "alice"), world.get_person("benoit")
    first = await import_quote(world)
    await world.settle()
    assert "Q-2041" in get_home_text(alice), "it arrived"

    [card] = world.list_messages("C01BILLING")
    await benoit.press_in(card, "quote.reject")
    await benoit.wait_for_modal("quote.reject")
    await benoit.submit()
    await world.settle()
    assert "Q-2041" not in get_home_text(alice), "a colleague rejected it"

    await import_quote(world, "Q-2042")
    await world.settle()
    assert "Q-2042" in get_home_text(alice)
    decided = {"status": "accepted", "at": "2026-11-10T10:00:00Z"}
    await import_quote(world, "Q-2042", decided=decided)
    await world.settle()
    assert "Q-2042" not in get_home_text(alice), "it was accepted elsewhere"

    await import_quote(world, "Q-2043", expires="2026-11-12")
    await world.settle()
    assert "Q-2043" in get_home_text(alice)
    world.clock.at = (await get_quote(world, "Q-2043")).expires_at
    await JOBS["quote.expire"].run(world.dependencies)
    await world.settle()
    assert "Q-2043" not in get_home_text(alice), "it expired"
    assert first.number == "Q-2041"


async def test_seats_changed_at_the_provider_appear_on_home_and_in_the_history(world: World) -> None:
    alice = await open_home(world, "alice")
    await change(world, LedgerSubscription, "acme_meeting", seats=40)
    await alice.open_home()
    await world.pass_time(seconds=2)
    assert "40 seats" in get_home_text(alice)
    assert "25 seats before" in get_home_text(alice)
    [entry] = await world.load_rows(AuditEntry, action="seats_changed")
    assert entry.details == {"seats": [25, 40]}
    await alice.open_home()
    await world.pass_time(seconds=2)
    assert len(await world.load_rows(AuditEntry, action="seats_changed")) == 1


# --- charts and pages


async def test_a_chart_that_slack_refuses_is_tried_once_per_workspace_and_replaced_by_bars(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's pages differ on whether Home takes charts."""
    shape = load_table().blocks["data_visualization"]
    monkeypatch.setitem(
        load_table().blocks, "data_visualization", replace(shape, only_on=frozenset({"message"}))
    )
    alice = await open_home(world, "alice")
    await world.place_order(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    await world.settle()
    refused = [r for r in world.slack.refusals if r.what == "views.publish"]
    assert len(refused) == 1
    assert "▇" in get_home_text(alice)
    [row] = await world.load_rows(RejectedBlock)
    assert (row.team_id, row.surface, row.block_type) == ("T01ACME", *CHART_BLOCK)
    benoit = await open_home(world, "benoit")
    assert "▇" in get_home_text(benoit)
    assert len([r for r in world.slack.refusals if r.what == "views.publish"]) == 1
    world.clock.move(days=31)
    await alice.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert len([r for r in world.slack.refusals if r.what == "views.publish"]) == 2, "tried again in a month"


async def test_home_has_a_chart_if_slack_accepts_charts(world: World) -> None:
    alice = await open_home(world, "alice")
    await world.place_order(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    await world.settle()
    assert alice.home is not None
    seats, spent = [block for block in alice.home.blocks if block["type"] == "data_visualization"]
    [series] = seats["chart"]["series"]
    assert [point["value"] for point in series["data"]] == [25, 30]
    assert "30 seats since" in get_home_text(alice), "its numbers in words"
    [series] = spent["chart"]["series"]
    assert (series["name"], [point["value"] for point in series["data"]][-2:]) == ("GoTo Meeting", [0, 58])
    for words in ("Nov 2026: €57.64 (GoTo Meeting €57.64)", "1 Dec 2026: €", "1 Mar 2027: €2,400.00"):
        assert words in get_home_text(alice)
    billing = await open_modal(alice, "/billing", "", "account.overview")
    assert "Nov 2026: €57.64 (GoTo Meeting €57.64)  ▇" in billing.text, "a modal takes no chart"
    assert "1 Mar 2027: €2,400.00" in billing.text
    assert await world.load_rows(RejectedBlock) == []


async def test_a_long_home_stays_on_its_page_when_published_again(world: World, tmp_path: Path) -> None:
    alice = await open_home(world, "alice")
    path = tmp_path / "accounts.yml"
    path.write_text(yaml.safe_dump({"accounts": [_an_account(n) for n in range(12)]}), encoding="utf-8")
    await import_accounts(world.dependencies.database, path=path, at=world.clock.at)
    await world.settle()
    assert "Page 1 of" in get_home_text(alice)
    await alice.press("home.next")
    await world.pass_time(seconds=2)
    assert "Page 2 of" in get_home_text(alice)
    await import_account(world, "acme", name="Acme Renamed SA")
    await world.settle()
    assert "Page 2 of" in get_home_text(alice)
    await alice.press("home.previous")
    await world.pass_time(seconds=2)
    assert "Page 1 of" in get_home_text(alice)
    assert world.slack.refusals == []


def _an_account(number: int) -> dict[str, object]:
    return {
        "id": f"many{number}",
        "name": f"Many {number}",
        "slack_team": "T01ACME",
        "currency": "EUR",
        "tax_rate": "0.20",
        "locale": "en",
        "time_zone": "Europe/Paris",
        "billing_address": {"line1": "1 Main Street", "postal_code": "1", "city": "Town", "country": "FR"},
        "billing_contacts": [{"email": "alice@acme.example", "name": "Alice", "slack_user": "U01ALICE"}],
        "administrators": [],
        "payment_methods": [
            {
                "id": f"pm_many{number}",
                "brand": "visa",
                "last4": "4242",
                "expires": "2039-12",
                "default": True,
            }
        ],
        "subscriptions": [
            {
                "id": f"many{number}_{s}",
                "product": "goto-meeting",
                "seats": 1,
                "unit_price": "14.00",
                "period": "month",
                "period_start": date(2026, 11, 1),
                "period_end": date(2026, 12, 1),
            }
            for s in range(4)
        ],
    }
