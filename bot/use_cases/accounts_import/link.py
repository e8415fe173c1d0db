"""Accounts for customers of the provider, without a file: what there is to link, and linking it.

A link is stored like an account of a file, with what the provider and the operator say instead.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import getaddresses
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError
from sqlmodel import select

from bot.accounts_file.cross_checks import list_problems
from bot.accounts_file.entries import AccountsFile
from bot.accounts_file.read import format_error
from bot.accounts_file.yaml_with_lines import FileProblem, InvalidAccountsFile, format_path
from bot.billing.customer_listing import CustomerListing, ListedCustomer
from bot.db import Database, Session, lock_account
from bot.use_cases.accounts_import.catalogue import list_product_ids
from bot.use_cases.accounts_import.import_run import ImportRun
from bot.use_cases.accounts_import.open_charges import list_open_charge_problems
from bot.use_cases.accounts_import.row_sync import update_fields
from bot.use_cases.accounts_import.run import load_stored_records, store_entries
from models.account import Account
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.text.localized_text import LANGUAGES

LINK_SOURCE = "link-stripe"


@dataclass(frozen=True)
class LinkOptions:
    """What an operator adds to what the provider knows. `contacts` are `Name <address>`, or an address; a
    blank `channel` is none."""

    workspace: str | None = None
    channel: str | None = None
    contacts: tuple[str, ...] = ()
    time_zone: str | None = None
    # The only workspace in which the bot is installed, for customers that name none.
    only_workspace: str | None = None
    operator: str = "operator"


@dataclass(frozen=True)
class CustomerLink:
    """A customer, and the account to create for it, or the stored one to link again. `answers` are only what
    was missing for this customer."""

    customer: ListedCustomer
    account_id: str
    is_stored: bool
    answers: LinkOptions = LinkOptions()
    # The one the stored account is linked with now.
    previous_customer: str | None = None

    def complete(self, options: LinkOptions) -> LinkOptions:
        """What was answered for one customer is nobody else's: its contacts may order for it."""
        customer, answers = self.customer, self.answers
        contacts = options.contacts or ((customer.email,) if customer.email else answers.contacts)
        return replace(
            options,
            workspace=options.workspace or customer.slack_team or options.only_workspace or answers.workspace,
            channel=answers.channel if options.channel is None else options.channel,
            contacts=contacts,
            time_zone=options.time_zone
            or _find_time_zone(customer.address.get("country", ""))
            or answers.time_zone,
        )

    def build_values(self, options: LinkOptions) -> dict[str, Any]:
        """The account's values, as strings like those of a file."""
        customer, options = self.customer, self.complete(options)
        owner = options.workspace
        language = (customer.language or "")[:2]
        return {
            "id": self.account_id,
            "name": customer.name or customer.email or customer.id,
            "slack_enterprise" if owner and owner.startswith("E") else "slack_team": owner,
            "channel": options.channel or None,
            "stripe_customer": customer.id,
            "currency": customer.currency,
            "locale": language if language in LANGUAGES else "en",
            "time_zone": options.time_zone,
            "billing_address": dict(customer.address),
            "billing_contacts": [
                parsed for contact in options.contacts for parsed in _parse_contacts(contact)
            ],
        }

    def list_missing_options(self, options: LinkOptions) -> list[str]:
        if self.is_stored:
            return []
        completed = self.complete(options)
        needed = {
            "workspace": completed.workspace,
            "channel": completed.channel is not None,
            "contact": completed.contacts,
            "time-zone": completed.time_zone,
        }
        return [name for name, value in needed.items() if not value]


@dataclass(frozen=True)
class LinkReport:
    """`links` are the customers that can be linked, by id; `linked` maps those that are to their account.
    `gone` maps accounts to their deleted or merged customers; `conflicts` maps customers to the account that
    they name and that is linked with another one."""

    options: LinkOptions
    links: dict[str, CustomerLink]
    linked: dict[str, str]
    gone: dict[str, str]
    conflicts: dict[str, str]
    # Of those gone, the ones that Stripe has deleted.
    deleted: frozenset[str] = frozenset()

    def select(self, customer_ids: Iterable[str]) -> "LinkReport":
        wanted = set(customer_ids)
        links = {id_: link for id_, link in self.links.items() if id_ in wanted}
        linked = {id_: account for id_, account in self.linked.items() if id_ in wanted}
        return replace(self, links=links, linked=linked, gone={}, conflicts={})

    def list_missing_options(self) -> list[str]:
        missing = [name for link in self.links.values() for name in link.list_missing_options(self.options)]
        return [*dict.fromkeys(missing)]

    def with_answers(self, ask: Callable[[CustomerLink], LinkOptions]) -> "LinkReport":
        links = {id_: replace(link, answers=ask(link)) for id_, link in self.links.items()}
        return replace(self, links=links)

    def list_rivals(self) -> Iterator[str]:
        """Lists groups of customers of which only one can be linked."""
        for account_id, customer_ids in self._list_customer_ids_by_account().items():
            if len(customer_ids) > 1:
                yield f"{', '.join(customer_ids)} name the same account {account_id}: link one of them"

    def list_conflicts(self, customer_ids: Iterable[str]) -> Iterator[str]:
        for id_ in customer_ids:
            if account_id := self.conflicts.get(id_):
                yield f"{id_} names {account_id} in its metadata, which another customer is linked with"

    def _list_customer_ids_by_account(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for id_, link in self.links.items():
            found.setdefault(link.account_id, []).append(id_)
        return found

    def describe(self) -> Iterator[str]:
        for link in self.links.values():
            yield from _describe_link(link, self.options)
        for customer_id, account_id in self.linked.items():
            yield f"{customer_id} is linked with {account_id}"
        customer_ids = self._list_customer_ids_by_account()
        for account_id, customer_id in self.gone.items():
            successors, advice = customer_ids.get(account_id, []), ""
            if len(successors) == 1:
                advice = f"; {successors[0]} names the account: link-stripe {successors[0]}"
                if customer_id not in self.deleted:
                    # Its metadata may be a mistake, and would let one company order for another.
                    advice += ", but only if both customers are the same company"
            reason = (
                "was deleted or merged" if customer_id in self.deleted else "no longer has a subscription"
            )
            yield f"{account_id} cannot order: its customer {customer_id} {reason}{advice}"
        yield from self.list_rivals()
        yield from self.list_conflicts(self.conflicts)


async def build_link_report(
    database: Database, listing: CustomerListing, options: LinkOptions, progress: Callable[[int], None]
) -> LinkReport:
    """Raises BillingUnavailable."""
    customers = await listing.list_customers(progress)
    async with database.read() as session:
        found = await session.exec(select(Account.id, Account.stripe_customer))
        customer_ids = dict(found.all())
        product_ids = await list_product_ids(session)
    linked = {customer: account for account, customer in customer_ids.items() if customer is not None}
    unlinked = [each for each in customers if each.id not in linked and each.seats.keys() & product_ids]
    unlisted = sorted(linked.keys() - {customer.id for customer in customers})
    # One that has no subscription any more, while another customer names its account, was merged with that.
    # To learn which were deleted takes a request for each.
    named = {customer.account_id for customer in unlinked}
    deleted = frozenset([id_ for id_ in unlisted if await listing.is_deleted(id_)])
    gone = {linked[id_]: id_ for id_ in unlisted if id_ in deleted or linked[id_] in named}
    still_linked = {id_: account for id_, account in linked.items() if account not in gone}
    report = LinkReport(options, {}, still_linked, gone, {}, deleted)
    for customer in unlinked:
        account_id = customer.account_id or _choose_account_id(
            customer, _list_taken_ids(report, customer_ids)
        )
        if customer_ids.get(account_id) is None or account_id in gone:
            is_stored = account_id in customer_ids
            previous = customer_ids.get(account_id)
            report.links[customer.id] = CustomerLink(
                customer, account_id, is_stored, previous_customer=previous
            )
        else:
            report.conflicts[customer.id] = account_id
    return report


async def list_link_problems(database: Database, report: LinkReport) -> list[str]:
    """Says why these cannot be stored; each problem begins with the id of the customer or of the stored
    account."""
    if rivals := [*report.list_rivals()]:
        return rivals
    new = [link for link in report.links.values() if not link.is_stored]
    document = {"accounts": [link.build_values(report.options) for link in new]}
    async with database.read() as session:
        stored = await load_stored_records(session)
        relinked = [link for link in report.links.values() if link.is_stored]
        open_charges = await list_open_charge_problems(session, [link.account_id for link in relinked])
        differences = [
            problem
            for link in relinked
            if (account := await session.get(Account, link.account_id)) is not None
            for problem in _list_differences(account, link.customer, report.options)
        ]
    problems = [*list_problems(document, stored)]
    try:
        AccountsFile.model_validate(document)
    except ValidationError as error:
        problems += [(e["loc"], format_error(dict(e))) for e in error.errors(include_url=False)]
    # The path begins with `accounts` and the account's position.
    described = [
        f"{new[int(path[1])].customer.id}: {format_path(path[2:])} {text}" for path, text in problems
    ]
    return [*described, *differences, *open_charges]


async def store_links(database: Database, report: LinkReport, at: datetime) -> int:
    """Returns the number of accounts that were created or linked again."""
    run = ImportRun(Actor("operator", report.options.operator, LINK_SOURCE), at)
    links = sorted(report.links.values(), key=lambda link: link.account_id)
    new = [link.build_values(report.options) for link in links if not link.is_stored]
    async with database.write() as session:
        await store_entries(session, AccountsFile.model_validate({"accounts": new}), run)
        for link in links:
            if link.is_stored:
                await _link_again(session, run, link, report.options)
    return len(run.changed_account_ids)


async def _link_again(session: Session, run: ImportRun, link: CustomerLink, options: LinkOptions) -> None:
    account = await lock_account(session, link.account_id)
    problems = [
        *_list_differences(account, link.customer, options),
        *await list_open_charge_problems(session, [account.id]),
    ]
    if problems:
        # Since it was checked.
        raise InvalidAccountsFile([FileProblem(None, LINK_SOURCE, each) for each in problems])
    if changes := update_fields(account, {"stripe_customer": link.customer.id}):
        await run.record_change(session, account.id, account.audit_subject, AuditAction.UPDATED, changes)
        account.schedule_refresh(run.at)
        session.add(account)


def _list_differences(account: Account, customer: ListedCustomer, options: LinkOptions) -> Iterator[str]:
    """Lists what prevents a stored account from being linked with a different customer: its quotes and orders
    are in its currency, and its contacts are members of its workspace."""
    if customer.currency != account.currency:
        yield f"{customer.id} is billed in {customer.currency}, and {account.id} in {account.currency}"
    owner = options.workspace or customer.slack_team
    if owner is not None and owner != account.slack_team:
        yield f"{customer.id} would belong to {owner}, and {account.id} belongs to {account.slack_team}"


def _describe_link(link: CustomerLink, options: LinkOptions) -> Iterator[str]:
    customer, values = link.customer, link.build_values(options)
    seats = ", ".join(f"{count} seats of {product}" for product, count in customer.seats.items())
    yield f"{customer.id} {values['name']}: {seats}"
    if link.is_stored:
        instead = f" instead of {link.previous_customer}" if link.previous_customer else ""
        yield f"  would be linked with the stored account {link.account_id} and its contacts{instead}"
        return
    contacts = ", ".join(f"{c['name']} <{c['email']}>" for c in values["billing_contacts"])
    owner = values.get("slack_team") or values.get("slack_enterprise")
    known = {
        "account": link.account_id,
        "workspace": owner,
        "channel": values["channel"],
        "contact": contacts,
        "time zone": values["time_zone"],
        "currency": customer.currency,
    }
    yield "  " + ", ".join(f"{name} {value}" for name, value in known.items() if value)
    if missing := link.list_missing_options(options):
        yield f"  needs {', '.join(f'--{name}' for name in missing)}"


def _list_taken_ids(report: LinkReport, customer_ids: Mapping[str, str | None]) -> set[str]:
    return {*customer_ids, *(link.account_id for link in report.links.values())}


def _parse_contacts(text: str) -> list[dict[str, str]]:
    """More than one may be typed at once, between commas. What is not an address is refused with the rest of
    the values."""
    found = getaddresses([text])
    if len(found) > text.count(",") + 1:
        # The name looks like an address: nobody is made a contact by it.
        found = [("", text)]
    return [{"email": email or text, "name": name or email or text} for name, email in found]


def _choose_account_id(customer: ListedCustomer, taken: set[str]) -> str:
    """`acme-sa` for “Acme SA”; the customer's own id if the name has no Latin letters."""
    plain = unicodedata.normalize("NFKD", customer.name or "").encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name if name and name not in taken else customer.id


@cache
def _load_zones_by_country() -> dict[str, list[str]]:
    # From `zone.tab` of the tz database, whose columns are country, coordinates and zone.
    zones: dict[str, list[str]] = {}
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, []).append(zone)
    return zones


def _find_time_zone(country: str) -> str | None:
    zones = _load_zones_by_country().get(country, [])
    return zones[0] if len(zones) == 1 else None
