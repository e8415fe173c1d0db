"""Looking whether all is there that the bot needs."""

import re
from collections.abc import Awaitable, Callable, Sized
from dataclasses import dataclass
from email.utils import parseaddr

from sqlmodel import col, func, select

from bot.billing.gateway import BillingUnavailable
from bot.directory.user_directory import DirectoryUnavailable
from bot.mail.mailer import MailRejected, MailUnavailable
from bot.services import Services
from bot.settings import list_unknown_names
from models.account import Account

# Slack is asked of each, and lets about fifty a minute through.
MAX_CHECKED_CHANNELS = 40

# With a whole domain: the default, at localhost, is nobody's.
EMAIL_ADDRESS_PATTERN = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class CheckResult:
    """`well` is none for what is neither right nor wrong. `words` say what is wrong, and what to do."""

    name: str
    passed: bool | None
    message: str


async def run_checks(services: Services, required_scopes: set[str]) -> list[CheckResult]:
    """Every check, each with one line; one that fails hides no other."""
    checks: dict[str, Callable[[], Awaitable[CheckResult]]] = {
        "settings": lambda: _check_settings(services),
        "database": lambda: _check_database(services),
        "accounts": lambda: _check_accounts(services),
        "slack": lambda: _check_slack(services, required_scopes),
        "door": lambda: _check_transport(services),
        "channels": lambda: _check_channels(services),
        "mail": lambda: _check_mail(services),
        "billing": lambda: _check_billing(services),
        "seller": lambda: _check_seller(services),
        "account services": lambda: _check_account_services(services),
    }
    return [await _run_check(about, check) for about, check in checks.items()]


async def _run_check(name: str, check: Callable[[], Awaitable[CheckResult]]) -> CheckResult:
    try:
        return await check()
    except Exception as error:
        # The words of a driver may hold an address with its password.
        return CheckResult(name, False, f"could not be looked at: {type(error).__name__}")


async def _check_settings(services: Services) -> CheckResult:
    settings = services.settings
    door = "Socket Mode" if settings.is_socket_mode else "HTTP"
    where = "in many workspaces" if settings.is_multi_workspace else "in one workspace"
    kind = settings.database_url.partition(":")[0]
    words = f"complete: {where}, requests over {door}, on {kind}"
    if unknown := list_unknown_names():
        return CheckResult("settings", None, f"{words}; .env names what is no setting: {', '.join(unknown)}")
    return CheckResult("settings", True, words)


async def _check_database(services: Services) -> CheckResult:
    try:
        migrated = await services.database.is_migrated()
    except Exception as error:
        words = f"it does not answer ({type(error).__name__}): look at DATABASE_URL, and whether it runs"
        return CheckResult("database", False, words)
    if not migrated:
        return CheckResult("database", False, "its shape is older than this version: python app.py migrate")
    return CheckResult("database", True, "reachable, and up to date")


async def _check_accounts(services: Services) -> CheckResult:
    async with services.read() as session:
        number = (await session.exec(select(func.count()).select_from(Account))).one()
    if not number:
        return CheckResult("accounts", None, "none yet: python app.py import accounts.yml")
    elsewhere = await _list_unreachable_accounts(services)
    if elsewhere:
        named = ", ".join(f"{account} ({team})" for account, team in elsewhere[:5])
        words = f"the bot is not installed in the workspace of {named}{_format_remainder(elsewhere, 5)}"
        return CheckResult("accounts", False, f"{words}: look at slack_team, or install it there")
    return CheckResult("accounts", True, f"{number} imported")


async def _list_unreachable_accounts(services: Services) -> list[tuple[str, str]]:
    """The accounts, with their workspaces, in which no token opens anything."""
    try:
        teams = await services.directory.list_workspaces()
    except DirectoryUnavailable:
        return []
    if not teams:
        return []
    async with services.read() as session:
        found = await session.exec(
            select(Account.id, Account.slack_team)
            .where(col(Account.active), col(Account.slack_team).not_in(teams))
            .order_by(Account.id)
        )
        return list(found.all())


async def _check_slack(services: Services, required_scopes: set[str]) -> CheckResult:
    try:
        teams = await services.directory.list_workspaces()
    except DirectoryUnavailable as error:
        what = "the workspaces' tokens" if services.settings.is_multi_workspace else "SLACK_BOT_TOKEN"
        return CheckResult("slack", False, f"Slack says {error}: look at {what} and SLACK_API_URL")
    if not teams:
        return CheckResult("slack", None, "installed nowhere yet: open /slack/install in a browser")
    wrong = [words for team in teams if (words := await _find_scope_problem(services, team, required_scopes))]
    if wrong:
        return CheckResult("slack", False, "; ".join(wrong[:3]) + _format_remainder(wrong, 3))
    return CheckResult(
        "slack", True, f"token and scopes are right in {', '.join(teams[:3])}{_format_remainder(teams, 3)}"
    )


async def _find_scope_problem(services: Services, team: str, required_scopes: set[str]) -> str | None:
    try:
        lacking = required_scopes - await services.directory.fetch_granted_scopes(team)
    except DirectoryUnavailable as error:
        return f"{team} cannot be called: {error}"
    if not lacking:
        return None
    return f"the token of {team} lacks {', '.join(sorted(lacking))}: install the app again with manifest.yml"


async def _check_transport(services: Services) -> CheckResult:
    token = services.settings.slack_app_token
    if token is None:
        return CheckResult(
            "door", True, "HTTP: requests arrive at /slack/events, and their signature decides"
        )
    try:
        await services.directory.check_app_token(token.get_secret_value())
    except DirectoryUnavailable as error:
        words = f"Slack says {error}: look at SLACK_APP_TOKEN, which needs connections:write"
        return CheckResult("door", False, words)
    return CheckResult("door", True, "Socket Mode can be opened")


async def _check_channels(services: Services) -> CheckResult:
    async with services.read() as session:
        found = await session.exec(
            select(Account.slack_team, Account.channel)
            .where(col(Account.active), col(Account.channel).is_not(None))
            .distinct()
            .order_by(Account.slack_team, col(Account.channel))
        )
        channels = [(team, str(channel)) for team, channel in found.all()]
    try:
        teams = await services.directory.list_workspaces()
    except DirectoryUnavailable as error:
        return CheckResult("channels", False, f"Slack says {error}: see what it says of the token")
    settings, looked_at = services.settings, channels[:MAX_CHECKED_CHANNELS]
    if settings.account_services_channel:
        team = settings.account_services_team or next(iter(teams), "")
        looked_at.insert(0, (team, settings.account_services_channel))
    outside, unseen = await _find_missing_channels(services, teams, looked_at)
    wrong = [f"in {team} no channel could be looked at: {why}" for team, why in unseen.items()]
    if outside:
        named = f"{', '.join(outside[:5])}{_format_remainder(outside, 5)}"
        wrong.append(f"the bot is not in {named}: type /invite @seatbot there")
    if wrong:
        return CheckResult("channels", False, "; ".join(wrong))
    rest = len(channels) - MAX_CHECKED_CHANNELS
    return CheckResult(
        "channels",
        True,
        f"the bot is in all {len(looked_at)}" + (f" looked at, {rest} were not" if rest > 0 else ""),
    )


async def _find_missing_channels(
    services: Services, teams: list[str], channels: list[tuple[str, str]]
) -> tuple[list[str], dict[str, str]]:
    """The channels in which the bot is not, and why some workspaces could not be looked into. One that is
    not ours is not asked for: the one token there is would answer for its own."""
    outside: list[str] = []
    unseen = {team: "the bot is not installed there" for team, _ in channels if team not in teams}
    for team, channel in channels:
        if team in unseen:
            continue
        try:
            if not await services.directory.is_in_channel(team, channel):
                outside.append(channel)
        except DirectoryUnavailable as error:
            unseen[team] = str(error)
    return outside, unseen


async def _check_mail(services: Services) -> CheckResult:
    if not services.mailer.is_configured:
        return CheckResult("mail", None, "SMTP_URL is not set: receipt e-mails wait until it is")
    try:
        await services.mailer.check_connection()
    except (MailUnavailable, MailRejected) as error:
        return CheckResult("mail", False, f"the server did not take us: {error}; look at SMTP_URL")
    sender = parseaddr(services.settings.mail_from)[1]
    if not EMAIL_ADDRESS_PATTERN.fullmatch(sender):
        words = "MAIL_FROM is not set to a mail address: many servers take nothing from such a sender"
        return CheckResult("mail", False, words)
    return CheckResult("mail", True, f"the server takes us, and mail is sent as {sender}")


async def _check_billing(services: Services) -> CheckResult:
    billing = services.settings.billing
    try:
        words = await services.billing.check_connection()
    except BillingUnavailable as error:
        why = error.variables.get("why", "no answer")
        return CheckResult("billing", False, f"{billing}: {why}; look at STRIPE_API_KEY and STRIPE_API_URL")
    if billing == "embedded":
        return CheckResult("billing", None, f"{billing}: {words}")
    return await _check_linked_accounts(services, words)


async def _check_linked_accounts(services: Services, provider_status: str) -> CheckResult:
    """A provider of its own must know every account, and should be able to send word."""
    async with services.read() as session:
        unlinked = await session.exec(
            select(Account.id).where(col(Account.stripe_customer).is_(None), col(Account.active)).limit(5)
        )
        missing = list(unlinked.all())
    if missing:
        names = ", ".join(missing)
        return CheckResult("billing", False, f"{provider_status}, but no stripe_customer is set for {names}")
    if services.webhook_parser is None:
        return CheckResult(
            "billing", None, f"{provider_status}; STRIPE_WEBHOOK_SECRET is not set: Stripe is only asked"
        )
    return CheckResult("billing", True, f"{provider_status}; events arrive at /stripe/webhook")


async def _check_seller(services: Services) -> CheckResult:
    seller = services.settings.seller
    if not seller.address:
        words = f"receipts name {seller.name} without an address: set SELLER_ADDRESS"
        return CheckResult("seller", None, words)
    return CheckResult("seller", True, f"receipts name {', '.join([seller.name, *seller.address])}")


async def _check_account_services(services: Services) -> CheckResult:
    if services.settings.account_services_channel is None:
        words = "ACCOUNT_SERVICES_CHANNEL is not set: nobody there is told of overdue orders"
        return CheckResult("account services", None, words)
    return CheckResult("account services", True, f"told in {services.settings.account_services_channel}")


def _format_remainder(items: Sized, shown: int = 1) -> str:
    rest = len(items) - shown
    return f" (and {rest} more)" if rest > 0 else ""
