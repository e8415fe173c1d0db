"""Checks for `doctor`: what is missing or wrong, and what to do about it."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import and_, col, func, select

from bot.billing.gateway import BillingPermissionsMissing, BillingUnavailable
from bot.db import LISTEN_ERRORS, describe_database_error
from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable
from bot.i18n import Localizer
from bot.mail.mailer import MailRejected, MailUnavailable
from bot.receipts import find_missing_receipt_glyphs
from bot.settings import list_unknown_names
from bot.tax_id import has_wrong_vat_number
from bot.use_cases.delivery.apply import CONTACT_WITHDRAWN
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE
from bot.use_cases.operations.account_checks import check_ordering, check_products
from bot.use_cases.operations.check_result import CheckResult, format_remainder
from bot.use_cases.operations.clock_check import check_clock
from bot.use_cases.operations.contact_check import check_contacts
from bot.use_cases.operations.restore import RestoredDatabase, load_database_state
from bot.version import PROGRAM
from models.account import Account, TaxExemption
from models.details import ReceiptDetails
from models.migrations.run import UnsupportedSchema
from models.notice import Notice, NoticeStatus
from models.notice.destination import DestinationKind
from models.receipt import Receipt, Seller

IS_OPEN = and_(col(Account.active), col(Account.closed_at).is_(None))
# A proxy or a fake that lacks the method returns this: it says nothing about the token or the scope.
UNKNOWN_METHOD_ERROR = "unknown_method"

# Slack is called once for each, and allows about fifty calls a minute.
MAX_CHECKED_CHANNELS = 40
MAX_CHECKED_RECEIPTS, MAX_LISTED_RECEIPTS = 200, 5
UNDELIVERABLE_DAYS = 7

# Requires a full domain: the default sender, at localhost, belongs to nobody.
EMAIL_ADDRESS_PATTERN = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


async def run_checks(
    dependencies: Dependencies, required_scopes: set[str], wall_clock: Callable[[], datetime] | None = None
) -> list[CheckResult]:
    """`wall_clock` is this machine's; `dependencies.now` only if a test has set it."""
    checks: dict[str, Callable[[], Awaitable[CheckResult]]] = {
        "settings": lambda: _check_settings(dependencies),
        "database": lambda: _check_database(dependencies),
        "jobs": lambda: _check_job_notifications(dependencies),
        "clock": lambda: check_clock(dependencies, wall_clock or dependencies.now),
        "accounts": lambda: _check_accounts(dependencies),
        "slack": lambda: _check_slack(dependencies, required_scopes),
        "transport": lambda: _check_transport(dependencies),
        "channels": lambda: _check_channels(dependencies),
        "contacts": lambda: check_contacts(dependencies),
        "ordering": lambda: check_ordering(dependencies),
        "products": lambda: check_products(dependencies),
        "mail": lambda: _check_mail(dependencies),
        "billing": lambda: _check_billing(dependencies),
        "seller": lambda: _check_seller(dependencies),
        "receipts": lambda: _check_receipts(dependencies),
        "account services": lambda: _check_account_services(dependencies),
        "notices": lambda: _check_undeliverable_notices(dependencies),
    }
    return [await _run_check(name, check) for name, check in checks.items()]


async def _run_check(name: str, check: Callable[[], Awaitable[CheckResult]]) -> CheckResult:
    try:
        return await check()
    except Exception as error:
        # A driver's message may contain a URL with its password.
        return CheckResult(name, False, f"the check failed: {type(error).__name__}")


async def _check_settings(dependencies: Dependencies) -> CheckResult:
    settings = dependencies.settings
    transport = "Socket Mode" if settings.is_socket_mode else "HTTP"
    workspaces = "many workspaces" if settings.is_multi_workspace else "one workspace"
    database = settings.database_url.partition(":")[0]
    message = f"complete: {workspaces}, requests over {transport}, on {database}"
    if unknown := list_unknown_names():
        return CheckResult("settings", None, f"{message}; .env has unknown settings: {', '.join(unknown)}")
    return CheckResult("settings", True, message)


async def _check_database(dependencies: Dependencies) -> CheckResult:
    try:
        migrated = await dependencies.database.is_migrated()
    except UnsupportedSchema as error:
        return CheckResult("database", False, str(error))
    except Exception as error:
        return CheckResult("database", False, describe_database_error(error))
    if not migrated:
        return CheckResult("database", False, f"its schema is not this version's: {PROGRAM} migrate")
    state = await load_database_state(dependencies.database)
    if state.is_restored:
        return CheckResult("database", False, str(RestoredDatabase(state.issued_numbers)))
    try:
        await dependencies.database.check_writable()
        await dependencies.database.check_space()
        await dependencies.database.check_prepared_statements()
    except SQLAlchemyError as error:
        return CheckResult("database", False, describe_database_error(error))
    return CheckResult("database", True, "reachable, writable and up to date")


async def _check_job_notifications(dependencies: Dependencies) -> CheckResult:
    try:
        await dependencies.database.check_notifications()
    except LISTEN_ERRORS as error:
        if dependencies.settings.database_listen_url:
            message = f"no notification arrives ({type(error).__name__}): check DATABASE_LISTEN_URL"
            return CheckResult("jobs", False, f"{message}, which must lead to the database itself")
        message = "they run at intervals only, since PostgreSQL's notifications do not arrive"
        advice = "if DATABASE_URL leads to a pooler, set DATABASE_LISTEN_URL to the database itself"
        return CheckResult("jobs", None, f"{message}: {advice}")
    return CheckResult("jobs", True, "new work wakes them")


async def _check_accounts(dependencies: Dependencies) -> CheckResult:
    async with dependencies.read() as session:
        account_count = (await session.exec(select(func.count()).select_from(Account))).one()
    if not account_count:
        return CheckResult("accounts", None, f"none yet: {PROGRAM} import accounts.yml")
    unreachable = await _list_unreachable_accounts(dependencies)
    if unreachable:
        names = ", ".join(f"{account} ({team})" for account, team in unreachable[:5])
        message = f"the bot is not installed in the workspace of {names}{format_remainder(unreachable, 5)}"
        return CheckResult(
            "accounts", False, f"{message}: check slack_team and slack_enterprise, or install it there"
        )
    return CheckResult("accounts", True, f"{account_count} imported")


async def _list_unreachable_accounts(dependencies: Dependencies) -> list[tuple[str, str]]:
    try:
        teams = await dependencies.directory.list_team_ids()
    except DirectoryUnavailable:
        return []
    if not teams:
        return []
    async with dependencies.read() as session:
        accounts = await session.exec(
            select(Account.id, Account.slack_team)
            .where(IS_OPEN, col(Account.slack_team).not_in(teams))
            .order_by(Account.id)
        )
        return list(accounts.all())


async def _check_slack(dependencies: Dependencies, required_scopes: set[str]) -> CheckResult:
    try:
        teams = await dependencies.directory.list_installations()
    except DirectoryUnavailable as error:
        setting = "the workspaces' tokens" if dependencies.settings.is_multi_workspace else "SLACK_BOT_TOKEN"
        return CheckResult("slack", False, f"Slack says {error}: check {setting} and SLACK_API_URL")
    if not teams:
        return CheckResult("slack", None, "not installed anywhere yet: open /slack/install in a browser")
    problems: list[str] = []
    unverified: list[str] = []
    for team in teams:
        try:
            scopes = await dependencies.directory.fetch_granted_scopes(team)
        except DirectoryUnavailable as error:
            problems.append(f"{team} cannot be called: {error}")
            continue
        if scopes is None:
            unverified.append(team)
        elif missing := required_scopes - scopes:
            names = ", ".join(sorted(missing))
            problems.append(f"the token of {team} lacks {names}: install the app again with manifest.yml")
    if problems:
        return CheckResult("slack", False, "; ".join(problems[:3]) + format_remainder(problems, 3))
    if unverified:
        names = f"{', '.join(unverified[:3])}{format_remainder(unverified, 3)}"
        message = f"the token works in {names}, but the response does not list its scopes"
        return CheckResult("slack", None, f"{message}: is something between here and SLACK_API_URL?")
    names = f"{', '.join(teams[:3])}{format_remainder(teams, 3)}"
    return CheckResult("slack", True, f"token and scopes are right in {names}")


async def _check_transport(dependencies: Dependencies) -> CheckResult:
    token = dependencies.settings.slack_app_token
    if token is None:
        return CheckResult("transport", True, "HTTP: signed requests arrive at /slack/events")
    try:
        await dependencies.directory.check_app_token(token.get_secret_value())
    except DirectoryUnavailable as error:
        message = f"Slack says {error}: check SLACK_APP_TOKEN, which needs connections:write"
        return CheckResult("transport", None if str(error) == UNKNOWN_METHOD_ERROR else False, message)
    return CheckResult("transport", True, "Socket Mode can be opened")


async def _check_channels(dependencies: Dependencies) -> CheckResult:
    channels = await _list_account_channels(dependencies)
    try:
        teams = await dependencies.directory.list_team_ids()
    except DirectoryUnavailable as error:
        return CheckResult("channels", False, f"Slack says {error}: see above, under slack")
    settings, checked = dependencies.settings, channels[:MAX_CHECKED_CHANNELS]
    if settings.account_services_channel:
        team = settings.account_services_team or next(iter(teams), "")
        checked.insert(0, (team, settings.account_services_channel))
    missing, failures = await _find_missing_channels(dependencies, teams, checked)
    problems = [f"in {team} no channel could be checked: {reason}" for team, reason in failures.items()]
    if missing:
        names = f"{', '.join(missing[:5])}{format_remainder(missing, 5)}"
        problems.append(f"the bot is not in {names}: type /invite @seatbot there")
    if problems:
        # A method that is not there proves nothing of the channels.
        proves_nothing = not missing and set(failures.values()) == {UNKNOWN_METHOD_ERROR}
        return CheckResult("channels", None if proves_nothing else False, "; ".join(problems))
    unchecked = len(channels) - MAX_CHECKED_CHANNELS
    remainder = f" that were checked, {unchecked} were not" if unchecked > 0 else ""
    return CheckResult("channels", True, f"the bot is in all {len(checked)}{remainder}")


async def _list_account_channels(dependencies: Dependencies) -> list[tuple[str, str]]:
    async with dependencies.read() as session:
        channels = await session.exec(
            select(Account.slack_team, Account.channel)
            .where(IS_OPEN, col(Account.channel).is_not(None))
            .distinct()
            .order_by(Account.slack_team, col(Account.channel))
        )
        return [(team, str(channel)) for team, channel in channels.all()]


async def _find_missing_channels(
    dependencies: Dependencies, teams: list[str], channels: list[tuple[str, str]]
) -> tuple[list[str], dict[str, str]]:
    missing: list[str] = []
    # Such a team is not queried: with a single token, the answer would be about the token's own workspace.
    failures = {team: "the bot is not installed there" for team, _ in channels if team not in teams}
    for team, channel in channels:
        if team in failures:
            continue
        try:
            if not await dependencies.directory.is_in_channel(team, channel):
                missing.append(channel)
        except DirectoryUnavailable as error:
            failures[team] = str(error)
    return missing, failures


async def _check_mail(dependencies: Dependencies) -> CheckResult:
    if not dependencies.mailer.is_configured:
        count = await _count_waiting_emails(dependencies)
        waiting = f"; {count} waiting now" if count else ""
        message = "SMTP_URL is not set: receipts wait for it, and what Slack does not accept is lost"
        message = f"{message}{waiting}"
        return CheckResult("mail", None, message)
    try:
        await dependencies.mailer.check_connection()
    except (MailUnavailable, MailRejected) as error:
        return CheckResult(
            "mail", False, f"the server did not accept the connection: {error}; check SMTP_URL"
        )
    sender = parseaddr(dependencies.settings.mail_from)[1]
    if not EMAIL_ADDRESS_PATTERN.fullmatch(sender):
        message = "MAIL_FROM is not an email address: many servers reject mail from such a sender"
        return CheckResult("mail", False, message)
    try:
        await dependencies.mailer.check_sender()
    except (MailUnavailable, MailRejected) as error:
        message = f"the server refuses mail from {sender}: {error}; check MAIL_FROM"
        return CheckResult("mail", False, message)
    if dependencies.mailer.is_plain_text:
        message = "mail and password go over the network unencrypted: take ?starttls=0 out of SMTP_URL"
        return CheckResult("mail", None, message)
    return CheckResult("mail", True, f"the server accepts the connection; mail is sent as {sender}")


async def _count_waiting_emails(dependencies: Dependencies) -> int:
    is_email = col(Notice.destination).startswith(f"{DestinationKind.EMAIL.value}:")
    async with dependencies.read() as session:
        waiting = select(func.count()).select_from(Notice).where(IS_WAITING_NOTICE, is_email)
        return (await session.exec(waiting)).one()


async def _check_billing(dependencies: Dependencies) -> CheckResult:
    billing, key = dependencies.settings.billing, dependencies.settings.stripe_api_key
    if billing == "stripe" and key is not None and key.get_secret_value().startswith("pk_"):
        message = "STRIPE_API_KEY is a publishable key, which is for browsers: create a restricted key"
        return CheckResult("billing", False, f"{message} (docs/stripe.md)")
    try:
        provider_status = await dependencies.billing.check_connection()
    except BillingPermissionsMissing as error:
        message = f"{billing}: the key lacks {', '.join(error.missing)}"
        return CheckResult("billing", False, f"{message}: edit it under Developers → API keys")
    except BillingUnavailable as error:
        reason = error.variables.get("why", "no answer")
        message = f"{billing}: {reason}; check STRIPE_API_KEY and STRIPE_API_URL"
        return CheckResult("billing", False, message)
    if billing == "embedded":
        return CheckResult("billing", None, f"{billing}: {provider_status}")
    linked = await _check_linked_accounts(dependencies, provider_status)
    if key is not None and key.get_secret_value().startswith("sk_"):
        message = "STRIPE_API_KEY may do everything in Stripe: create a restricted key (docs/stripe.md)"
        passed = None if linked.passed else linked.passed
        return CheckResult("billing", passed, f"{linked.message}; {message}")
    return linked


async def _check_linked_accounts(dependencies: Dependencies, provider_status: str) -> CheckResult:
    async with dependencies.read() as session:
        unlinked = await session.exec(
            select(Account.id).where(col(Account.stripe_customer).is_(None), IS_OPEN).limit(5)
        )
        names = ", ".join(unlinked.all())
    if names:
        message = f"{provider_status}, but no stripe_customer is set for {names}"
        return CheckResult("billing", False, message)
    if dependencies.webhook_parser is None:
        message = f"{provider_status}; without STRIPE_WEBHOOK_SECRET Stripe's events are not received"
        return CheckResult("billing", None, message)
    return CheckResult("billing", True, f"{provider_status}; events arrive at /stripe/webhook")


async def _check_seller(dependencies: Dependencies) -> CheckResult:
    seller = dependencies.settings.seller
    problems = []
    if has_wrong_vat_number(seller.tax_id):
        problems.append(f"SELLER_TAX_ID is not a VAT number: {seller.tax_id}")
    if accounts := await _list_reverse_charge_accounts_without_tax_id(dependencies):
        names = f"{', '.join(accounts[:5])}{format_remainder(accounts, 5)}"
        problems.append(f"receipts of {names} say reverse charge without a tax_id of the buyer: import one")
    if problems:
        return CheckResult("seller", False, "; ".join(problems))
    if not seller.address:
        message = f"receipts name {seller.name} without an address: set SELLER_ADDRESS"
        return CheckResult("seller", None, message)
    if not seller.tax_id:
        message = f"receipts name {seller.name} without a tax ID: set SELLER_TAX_ID if there is one"
        return CheckResult("seller", None, message)
    names = ", ".join([seller.name, *seller.address, seller.tax_id])
    return CheckResult("seller", True, f"receipts name {names}")


async def _list_reverse_charge_accounts_without_tax_id(dependencies: Dependencies) -> list[str]:
    # Only the embedded provider's: Stripe knows the tax ids of its customers.
    async with dependencies.read() as session:
        accounts = await session.exec(
            select(Account.id)
            .where(
                IS_OPEN,
                Account.tax_exemption == TaxExemption.REVERSE,
                Account.tax_id == "",
                col(Account.stripe_customer).is_(None),
            )
            .order_by(Account.id)
        )
        return list(accounts.all())


async def _check_receipts(dependencies: Dependencies) -> CheckResult:
    async with dependencies.read() as session:
        result = await session.exec(
            select(Receipt).order_by(col(Receipt.id).desc()).limit(MAX_CHECKED_RECEIPTS)
        )
        receipts = result.all()
    missing = await asyncio.to_thread(_find_missing_glyphs, dependencies.settings.seller, receipts)
    if not missing:
        return CheckResult("receipts", True, "the fonts have every character of the latest receipts")
    shown = [
        f"{number} lacks {characters}" for number, characters in [*missing.items()][:MAX_LISTED_RECEIPTS]
    ]
    message = (
        f"{'; '.join(shown)}{format_remainder(missing, MAX_LISTED_RECEIPTS)}: install fonts (docs/operate.md)"
    )
    return CheckResult("receipts", False, message)


def _find_missing_glyphs(seller: Seller, receipts: Sequence[Receipt]) -> dict[str, str]:
    found = {
        receipt.number: find_missing_receipt_glyphs(
            Localizer(), ReceiptDetails(receipt, "", "", receipt.seller_details or seller)
        )
        for receipt in receipts
    }
    return {number: missing for number, missing in found.items() if missing}


async def _check_account_services(dependencies: Dependencies) -> CheckResult:
    channel = dependencies.settings.account_services_channel
    if channel is None:
        message = "ACCOUNT_SERVICES_CHANNEL is not set: nobody there is notified of overdue orders"
        return CheckResult("account services", None, message)
    return CheckResult("account services", True, f"notified in {channel}")


async def _check_undeliverable_notices(dependencies: Dependencies) -> CheckResult:
    since = dependencies.now() - timedelta(days=UNDELIVERABLE_DAYS)
    async with dependencies.read() as session:
        result = await session.exec(
            select(Notice.destination, Notice.last_error)
            .where(
                Notice.status == NoticeStatus.UNDELIVERABLE,
                Notice.created_at > since,
                Notice.last_error != CONTACT_WITHDRAWN,
            )
            .order_by(col(Notice.id).desc())
        )
        failures = Counter(_format_failure(destination, error) for destination, error in result.all())
    if not failures:
        return CheckResult("notices", True, f"none was given up in the last {UNDELIVERABLE_DAYS} days")
    examples = [f"{count} to {failure}" for failure, count in failures.most_common(5)]
    message = f"{failures.total()} were given up in the last {UNDELIVERABLE_DAYS} days: {', '.join(examples)}"
    remainder = format_remainder(failures, 5)
    return CheckResult("notices", None, f"{message}{remainder}; the log has each as notice.undeliverable")


def _format_failure(destination: str, error: str | None) -> str:
    # What follows is a library's message, which may contain a URL with its password.
    return f"{destination} ({': '.join((error or '').split(': ')[:2])})"
