"""Accounts for customers of Stripe."""

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from slack_sdk.errors import SlackApiError

from bot.billing.gateway import BillingUnavailable
from bot.bootstrap import now, open_customer_listing, open_slack_clients
from bot.commands.database import open_migrated_database, open_prepared_database
from bot.commands.terminal import (
    OperatorOption,
    display_progress,
    exit_with_error,
    get_operator_name,
    print_line,
    read_settings_or_exit,
    run_or_exit,
)
from bot.db import Database
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.use_cases.accounts_import.link import CustomerLink, LinkOptions, LinkReport


def link_customers(
    customers: Annotated[
        list[str] | None, typer.Argument(help="Customers (cus_…) to link; without any, they are listed.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="The workspace (T…) or organisation (E…) of the accounts.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="The channel (C…) of the accounts; '' for none.")
    ] = None,
    contact: Annotated[
        list[str] | None,
        typer.Option(help="A billing contact: 'Name <address>'. By default, the customer's own address."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The time zone of the accounts, such as Europe/Berlin.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be stored.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    operator: OperatorOption = None,
) -> None:
    """Create accounts for customers of Stripe, without a file."""
    settings = read_settings_or_exit()
    if settings.billing != "stripe":
        exit_with_error("nothing to link: set BILLING=stripe")
    # Imported here, so that `serve` does not need the memory.
    from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
    from bot.use_cases.accounts_import.link import LinkOptions

    operator_name = get_operator_name(settings, operator)
    options = LinkOptions(workspace, channel, tuple(contact or ()), time_zone, operator=operator_name)
    try:
        run_or_exit(_run_link(settings, customers or [], options, dry_run=dry_run, confirmed=yes))
    except InvalidAccountsFile as error:
        exit_with_error("\n".join(["nothing was linked:", *map(str, error.problems)]))
    except BillingUnavailable as error:
        exit_with_error(f"cannot go on: Stripe: {error.variables.get('why')}")


async def _run_link(
    settings: Settings, names: list[str], options: "LinkOptions", *, dry_run: bool, confirmed: bool
) -> None:
    from bot.use_cases.accounts_import.link import build_link_report, list_link_problems, store_links

    # Without names, customers are only listed.
    is_stored = bool(names) and not dry_run
    opening = open_prepared_database(settings) if is_stored else open_migrated_database(settings)
    async with opening as database:
        if options.workspace is None:
            options = replace(options, only_workspace=await _find_only_team(settings, database))
        async with open_customer_listing(settings) as listing:
            with display_progress("subscriptions") as progress:
                report = await build_link_report(
                    database, listing, options, lambda done: progress(done, done)
                )
        if not names:
            _print_link_report(report)
            return
        if unknown := [name for name in names if name not in {**report.links, **report.linked}]:
            reasons = report.list_conflicts(unknown)
            exit_with_error("\n".join([f"not a customer to link: {', '.join(unknown)}", *reasons]))
        report = _ask_for_missing_options(report.select(names))
        if problems := await list_link_problems(database, report):
            exit_with_error("\n".join(["nothing was linked:", *problems]))
        _print_link_report(report)
        if dry_run or not report.links:
            return
        if not confirmed and not (sys.stdin.isatty() and typer.confirm("Link these customers?")):
            exit_with_error("nothing was linked: confirm it, or add --yes")
        print(f"linked {await store_links(database, report, now())} customers")  # noqa: T201


async def _find_only_team(settings: Settings, database: Database) -> str | None:
    """Returns None if the bot is installed in several workspaces, or Slack does not say where."""
    async with open_slack_clients(settings, database) as clients:
        try:
            installations = await clients.list_installations()
        except (SlackApiError, OSError):
            return None
    return installations[0] if len(installations) == 1 else None


def _ask_for_missing_options(report: "LinkReport") -> "LinkReport":
    missing = report.list_missing_options()
    if not missing:
        return report
    if not sys.stdin.isatty():
        exit_with_error(f"nothing was linked: add {', '.join(f'--{name}' for name in missing)}")
    return report.with_answers(partial(_ask_about_customer, report))


def _ask_about_customer(report: "LinkReport", link: "CustomerLink") -> "LinkOptions":
    missing = link.list_missing_options(report.options)
    if missing and len(report.links) > 1:
        print_line(f"{link.customer.id} {link.customer.name or ''}".rstrip())
    answers: dict[str, Any] = {name.replace("-", "_"): _ask_for_option(name) for name in missing}
    if contact := answers.pop("contact", None):
        answers["contacts"] = (contact,)
    return replace(link.answers, **answers)


def _ask_for_option(name: str) -> str:
    if name == "channel":
        # An account needs none.
        answer = typer.prompt("--channel (blank: contacts only)", default="", show_default=False)
    else:
        answer = typer.prompt(f"--{name}")
    return str(answer).strip()


def _print_link_report(report: "LinkReport") -> None:
    for line in report.describe():
        print_line(line)
