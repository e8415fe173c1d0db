"""`python app.py link-stripe`: accounts for customers of Stripe, without a file."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.use_cases.accounts_import.export import export_accounts
from bot.use_cases.accounts_import.run import ImportOptions, import_accounts
from models.account import Account
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditEntry
from models.invoice import Invoice
from models.service_order import OrderStatus, ServiceOrder
from tests.commands import CommandResult, run_command
from tests.fake_stripe import FakeStripe, Fault
from tests.stripe_world import KEY, build_account_records
from tests.world import Clock, World, world
from tests.yaml_files import write_yaml

ACME_OPTIONS = ("--workspace", "T01ACME", "--channel", "C01BILLING", "--time-zone", "Europe/Paris")
ALICE = "Alice Martin <alice@acme.example>"


@dataclass
class LinkWorld:
    world: World
    fake: FakeStripe
    folder: Path

    async def link(self, *arguments: str, answers: Sequence[str] | None = None) -> CommandResult:
        settings = self.world.dependencies.settings
        return await run_command(
            self.folder,
            *("link-stripe", *arguments),
            answers=answers,
            SLACK_BOT_TOKEN=self.world.slack.bot_token,
            SLACK_SIGNING_SECRET="any",
            SLACK_API_URL=settings.slack_api_url,
            DATABASE_URL=settings.database_url,
            BILLING="stripe",
            STRIPE_API_KEY=KEY,
            STRIPE_API_URL=self.fake.url,
        )


@asynccontextmanager
async def open_link_world(folder: Path) -> AsyncIterator[LinkWorld]:
    """Stripe has customers, and the bot no account."""
    fake = FakeStripe(build_account_records(Clock()), KEY)
    for customer in fake.records.customers.values():
        customer.name, customer.email = customer.id.removeprefix("cus_").title(), "billing@acme.example"
    async with (
        fake.run(),
        world("migrated", billing="stripe", stripe_api_key=KEY, stripe_api_url=fake.url) as inner,
    ):
        fake.records.clock = inner.clock
        yield LinkWorld(inner, fake, folder)


@pytest.fixture
async def unlinked(tmp_path: Path) -> AsyncIterator[LinkWorld]:
    async with open_link_world(tmp_path) as opened:
        yield opened


async def test_from_an_empty_database_to_the_first_order_without_a_file(unlinked: LinkWorld) -> None:
    """The customer's address is what a Payment Link asks for."""
    world = unlinked.world
    unlinked.fake.records.customers["cus_acme"].address = {"country": "FR", "postal_code": "75002\n"}
    options = (*ACME_OPTIONS, "--contact", ALICE, "--operator", "Ana", "--yes")
    linked = await unlinked.link("cus_acme", *options)
    assert (linked.exit_code, linked.output.splitlines()[-1]) == (0, "linked 1 customers"), linked.output
    alice = world.get_person("alice")
    checkout = await world.reach_checkout(alice, acme_meeting=2)
    # Stripe knows no administrators.
    assert checkout.get_value("administrator") == "new"
    checkout.fill("admin_name", "Hugo Petit").fill("admin_email", "hugo@acme.example")
    assert [checkout.get_value(name) for name in ("country", "postal_code", "line1")] == ["FR", "75002", None]
    checkout.fill("line1", "1 rue de la Paix").fill("city", "Paris")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    order = await world.load_row(ServiceOrder)
    assert order.status is OrderStatus.COMPLETED
    assert await world.load_seats("acme_meeting") == (27, 27)
    assert (await world.load_row(Account)).billing_address.city == "Paris"
    entries = await world.load_rows(AuditEntry, account_id="acme", action="imported")
    found = {(e.actor_kind, e.actor_name, e.source) for e in entries}
    assert found == {("operator", "Ana", "link-stripe")}


async def test_from_an_empty_database_to_the_first_order_on_invoice_without_a_file(
    unlinked: LinkWorld,
) -> None:
    """No payment method, and no file: the customer's metadata says enough."""
    world, records = unlinked.world, unlinked.fake.records
    customer = records.customers["cus_acme"]
    customer.metadata = {"seatbot_pay_by_invoice": "true"}
    customer.default_payment_method = None
    records.subscriptions["sub_of_acme_meeting"].sends_invoice = True
    linked = await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    assert linked.exit_code == 0
    assert not (await world.load_row(Account)).pay_by_invoice, "the seller can withdraw it at Stripe"
    alice = world.get_person("alice")
    checkout = await world.reach_checkout(alice, acme_meeting=2)
    checkout.fill("administrator", "new").fill("admin_name", "Hugo Petit").fill(
        "admin_email", "hugo@acme.example"
    )
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED
    assert (await world.load_row(Invoice)).status == "due"
    assert await world.load_seats("acme_meeting") == (27, 27)


async def test_link_lists_what_can_be_linked_and_stores_nothing(unlinked: LinkWorld) -> None:
    unlinked.fake.records.customers["cus_acme"].metadata = {
        "seatbot_account": "acme-paris",
        "seatbot_slack_team": "T02OTHER",
    }
    listed = await unlinked.link()
    assert listed.exit_code == 0
    assert "cus_acme Acme: 25 seats of goto-meeting" in listed.output
    assert "account acme-paris, workspace T02OTHER" in listed.output
    dry = await unlinked.link("cus_acme", *ACME_OPTIONS, "--dry-run")
    assert dry.exit_code == 0
    assert await unlinked.world.load_rows(Account) == []


async def test_linking_twice_changes_nothing(unlinked: LinkWorld) -> None:
    arguments = ("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    await unlinked.link(*arguments)
    before = len(await unlinked.world.load_rows(AuditEntry))
    again = await unlinked.link(*arguments)
    assert (again.exit_code, again.output) == (0, "cus_acme is linked with acme\n")
    assert len(await unlinked.world.load_rows(AuditEntry)) == before


async def test_what_is_missing_or_wrong_is_named_and_nothing_is_stored(unlinked: LinkWorld) -> None:
    records = unlinked.fake.records
    records.customers["cus_acme"].email = None
    records.customers["cus_slow"].address = {}
    missing = await unlinked.link("cus_acme", "--time-zone", "Europe/Paris", "--yes")
    assert (missing.exit_code, missing.output) == (1, "nothing was linked: add --channel, --contact\n")
    wrong = await unlinked.link("cus_slow", "--channel", "general", "--time-zone", "Mars", "--yes")
    assert wrong.exit_code == 1
    assert wrong.output.splitlines()[0] == "nothing was linked:"
    assert {line.split()[1] for line in wrong.output.splitlines()[1:]} == {
        "billing_address.country",
        "channel",
        "time_zone",
    }
    unknown = await unlinked.link("cus_nobody", "--yes")
    assert (unknown.exit_code, unknown.output) == (1, "not a customer to link: cus_nobody\n")
    unconfirmed = await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE)
    assert unconfirmed.exit_code == 1
    assert await unlinked.world.load_rows(Account) == []


@pytest.mark.parametrize(("typed", "channel"), [("C01BILLING", "C01BILLING"), ("", None)])
async def test_missing_values_are_asked_for_in_a_terminal(
    unlinked: LinkWorld, typed: str, channel: str | None
) -> None:
    linked = await unlinked.link(
        "cus_acme", "--workspace", "T01ACME", "--time-zone", "Europe/Paris", answers=[typed, "y"]
    )
    assert linked.exit_code == 0, linked.output
    assert "--channel (blank: contacts only): " in linked.output
    assert (await unlinked.world.load_row(Account)).channel == channel


async def test_what_is_missing_for_one_customer_is_asked_for_and_used_for_it_alone(
    unlinked: LinkWorld,
) -> None:
    """R1: a contact may order for the account, and reads its channel."""
    slow = unlinked.fake.records.customers["cus_slow"]
    slow.email, slow.metadata = None, {"seatbot_slack_team": "T02OTHER"}
    contacts = "Carla Kern <carla@acme.example>, sue@acme.example"
    zone = ("--time-zone", "Europe/Paris")
    answers = ["C04CUSTOMER", contacts, "C01BILLING", "y"]
    linked = await unlinked.link("cus_slow", "cus_acme", *zone, answers=answers)
    assert linked.exit_code == 0, linked.output
    accounts = await unlinked.world.load_rows(Account)
    assert {account.id: (account.slack_team, account.channel) for account in accounts} == {
        "acme": ("T01ACME", "C01BILLING"),
        "slow": ("T02OTHER", "C04CUSTOMER"),
    }
    found = await unlinked.world.load_rows(BillingContact)
    assert sorted((contact.account_id, contact.email, contact.name) for contact in found) == [
        ("acme", "billing@acme.example", "billing@acme.example"),
        ("slow", "carla@acme.example", "Carla Kern"),
        ("slow", "sue@acme.example", "sue@acme.example"),
    ]


async def test_the_customers_own_address_is_the_contact(unlinked: LinkWorld) -> None:
    await unlinked.link("cus_acme", *ACME_OPTIONS, "--yes")
    contact = await unlinked.world.load_row(BillingContact)
    assert (contact.email, contact.name) == ("billing@acme.example", "billing@acme.example")


@pytest.mark.parametrize("deleted", [True, False])
async def test_an_account_of_a_deleted_or_merged_customer_is_reported_and_linked_again(
    unlinked: LinkWorld, deleted: bool
) -> None:
    records, world = unlinked.fake.records, unlinked.world
    await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    # Two customers are made one by hand. The one without subscriptions may have to stay, for its invoices.
    records.customers["cus_acme"].deleted = deleted
    for subscription in records.subscriptions.values():
        if subscription.customer == "cus_acme":
            subscription.customer = "cus_slow"
    records.customers["cus_slow"].metadata = {"seatbot_account": "acme"}
    listed = await unlinked.link()
    reason = "was deleted or merged" if deleted else "no longer has a subscription"
    caution = "" if deleted else ", but only if both customers are the same company"
    advice = f"cus_slow names the account: link-stripe cus_slow{caution}\n"
    assert f"acme cannot order: its customer cus_acme {reason}; {advice}" in listed.output
    assert "linked with the stored account acme and its contacts instead of cus_acme" in listed.output
    again = await unlinked.link("cus_slow", "--yes")
    assert again.output.splitlines()[-1] == "linked 1 customers", again.output
    account = await world.load_row(Account)
    assert (account.id, account.stripe_customer) == ("acme", "cus_slow")


async def test_only_one_customer_like_the_account_is_linked_again(unlinked: LinkWorld) -> None:
    records, world = unlinked.fake.records, unlinked.world
    await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    for subscription in records.subscriptions.values():
        if subscription.customer == "cus_acme":
            # Its first payment was never made: Stripe lists it, also of a deleted customer.
            subscription.status = "incomplete_expired"
    records.delete_customer("cus_acme")
    slow = records.customers["cus_slow"]
    twin = records.customers["cus_twin"] = replace(slow, id="cus_twin")
    [subscription] = [each for each in records.subscriptions.values() if each.customer == "cus_slow"]
    # The slow account is billed in USD.
    twins = replace(deepcopy(subscription), id="sub_twin", customer="cus_twin", currency="eur")
    records.subscriptions["sub_twin"] = twins
    slow.metadata = twin.metadata = {"seatbot_account": "acme", "seatbot_slack_team": "T02OTHER"}
    rivals = "cus_twin, cus_slow name the same account acme: link one of them"
    listed = await unlinked.link()
    assert listed.exit_code == 0, listed.output
    assert "acme cannot order: its customer cus_acme was deleted or merged\n" in listed.output
    assert rivals in listed.output
    both = await unlinked.link("cus_slow", "cus_twin", "--yes")
    assert (both.exit_code, both.output) == (1, f"nothing was linked:\n{rivals}\n")
    other = await unlinked.link("cus_slow", "--yes")
    assert (other.exit_code, other.output.splitlines()[1:]) == (
        1,
        [
            "cus_slow is billed in USD, and acme in EUR",
            "cus_slow would belong to T02OTHER, and acme belongs to T01ACME",
        ],
    )
    linked = await unlinked.link("cus_twin", "--workspace", "T01ACME", "--yes")
    assert linked.exit_code == 0, linked.output
    assert (await world.load_row(Account)).stripe_customer == "cus_twin"
    listed = await unlinked.link()
    assert "cus_slow names acme in its metadata, which another customer is linked with" in listed.output


async def test_a_customer_that_names_a_linked_account_is_reported(unlinked: LinkWorld) -> None:
    await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    unlinked.fake.records.customers["cus_slow"].metadata = {"seatbot_account": " acme "}
    listed = await unlinked.link()
    reason = "cus_slow names acme in its metadata, which another customer is linked with\n"
    assert reason in listed.output
    assert "cus_acme is linked with acme" in listed.output
    refused = await unlinked.link("cus_slow", "--yes")
    assert (refused.exit_code, refused.output) == (1, f"not a customer to link: cus_slow\n{reason}")


async def test_a_linked_account_and_one_from_a_file_leave_each_other_alone(unlinked: LinkWorld) -> None:
    database, at = unlinked.world.dependencies.database, unlinked.world.clock()
    await unlinked.link("cus_acme", *ACME_OPTIONS, "--contact", ALICE, "--yes")
    linked = (await unlinked.world.load_row(Account)).model_dump()
    account = (await export_accounts(database, ["acme"])).content["accounts"][0]
    values = {name: value for name, value in account.items() if not name.startswith("exported")}
    path = unlinked.folder / "accounts.yml"
    write_yaml(path, {"accounts": [{**values, "id": "slow", "stripe_customer": "cus_slow"}]})
    summary = await import_accounts(database, path=path, at=at, options=ImportOptions(close_missing=True))
    assert (summary.changed_accounts, summary.missing_accounts) == (1, [])
    acme, slow = await unlinked.world.load_rows(Account)
    assert (acme.model_dump(), slow.stripe_customer) == (linked, "cus_slow")
    listed = await unlinked.link()
    assert "cus_acme is linked with acme\ncus_slow is linked with slow" in listed.output


async def test_subscriptions_of_unknown_products_are_not_listed(unlinked: LinkWorld) -> None:
    for subscription in unlinked.fake.records.subscriptions.values():
        if subscription.customer == "cus_slow":
            for item in subscription.items:
                item.price.metadata.clear()
    listed = await unlinked.link()
    assert "cus_slow" not in listed.output
    assert "cus_acme" in listed.output


async def test_an_unavailable_stripe_is_reported_in_one_line(unlinked: LinkWorld) -> None:
    unlinked.fake.faults.append(Fault("down", times=10))
    result = await unlinked.link()
    assert result.exit_code == 1
    assert result.output == "cannot go on: Stripe: status 503\n"
