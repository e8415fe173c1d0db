"""Looking whether all is there that the bot needs."""

import re
from collections.abc import Awaitable, Callable, Sized
from dataclasses import dataclass
from email.utils import parseaddr

from sqlmodel import col, func, select

from bot.billing.gateway import BillingUnavailable
from bot.directory.user_directory import DirectoryUnavailable
from bot.mail.mailer import MailRefused, MailUnavailable
from bot.services import Services
from bot.settings import unknown_names
from models.account import Account

# Slack is asked of each, and lets about fifty a minute through.
MOST_CHANNELS = 40

# With a whole domain: the default, at localhost, is nobody's.
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Finding:
    """`well` is none for what is neither right nor wrong. `words` say what is wrong, and what to do."""

    about: str
    well: bool | None
    words: str


async def diagnose(services: Services, needed_scopes: set[str]) -> list[Finding]:
    """Every check, each with one line; one that fails hides no other."""
    checks: dict[str, Callable[[], Awaitable[Finding]]] = {
        "settings": lambda: _settings(services),
        "database": lambda: _database(services),
        "accounts": lambda: _accounts(services),
        "slack": lambda: _slack(services, needed_scopes),
        "door": lambda: _door(services),
        "channels": lambda: _channels(services),
        "mail": lambda: _mail(services),
        "billing": lambda: _billing(services),
        "seller": lambda: _seller(services),
        "account services": lambda: _account_services(services),
    }
    return [await _found(about, check) for about, check in checks.items()]


async def _found(about: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Exception as error:
        # The words of a driver may hold an address with its password.
        return Finding(about, False, f"could not be looked at: {type(error).__name__}")


async def _settings(services: Services) -> Finding:
    settings = services.settings
    door = "Socket Mode" if settings.socket_mode else "HTTP"
    where = "in many workspaces" if settings.many_workspaces else "in one workspace"
    kind = settings.database_url.partition(":")[0]
    words = f"complete: {where}, requests over {door}, on {kind}"
    if unknown := unknown_names():
        return Finding("settings", None, f"{words}; .env names what is no setting: {', '.join(unknown)}")
    return Finding("settings", True, words)


async def _database(services: Services) -> Finding:
    try:
        migrated = await services.database.migrated()
    except Exception as error:
        words = f"it does not answer ({type(error).__name__}): look at DATABASE_URL, and whether it runs"
        return Finding("database", False, words)
    if not migrated:
        return Finding("database", False, "its shape is older than this version: python app.py migrate")
    return Finding("database", True, "reachable, and up to date")


async def _accounts(services: Services) -> Finding:
    async with services.read() as session:
        number = (await session.exec(select(func.count()).select_from(Account))).one()
    if not number:
        return Finding("accounts", None, "none yet: python app.py import accounts.yml")
    elsewhere = await _elsewhere(services)
    if elsewhere:
        named = ", ".join(f"{account} ({team})" for account, team in elsewhere[:5])
        words = f"the bot is not installed in the workspace of {named}{_and_more(elsewhere, 5)}"
        return Finding("accounts", False, f"{words}: look at slack_team, or install it there")
    return Finding("accounts", True, f"{number} imported")


async def _elsewhere(services: Services) -> list[tuple[str, str]]:
    """The accounts, with their workspaces, in which no token opens anything."""
    try:
        teams = await services.directory.workspaces()
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


async def _slack(services: Services, needed: set[str]) -> Finding:
    try:
        teams = await services.directory.workspaces()
    except DirectoryUnavailable as error:
        what = "the workspaces' tokens" if services.settings.many_workspaces else "SLACK_BOT_TOKEN"
        return Finding("slack", False, f"Slack says {error}: look at {what} and SLACK_API_URL")
    if not teams:
        return Finding("slack", None, "installed nowhere yet: open /slack/install in a browser")
    wrong = [words for team in teams if (words := await _wrong_with(services, team, needed))]
    if wrong:
        return Finding("slack", False, "; ".join(wrong[:3]) + _and_more(wrong, 3))
    return Finding(
        "slack", True, f"token and scopes are right in {', '.join(teams[:3])}{_and_more(teams, 3)}"
    )


async def _wrong_with(services: Services, team: str, needed: set[str]) -> str | None:
    try:
        lacking = needed - await services.directory.granted_scopes(team)
    except DirectoryUnavailable as error:
        return f"{team} cannot be called: {error}"
    if not lacking:
        return None
    return f"the token of {team} lacks {', '.join(sorted(lacking))}: install the app again with manifest.yml"


async def _door(services: Services) -> Finding:
    token = services.settings.slack_app_token
    if token is None:
        return Finding("door", True, "HTTP: requests arrive at /slack/events, and their signature decides")
    try:
        await services.directory.check_app_token(token.get_secret_value())
    except DirectoryUnavailable as error:
        words = f"Slack says {error}: look at SLACK_APP_TOKEN, which needs connections:write"
        return Finding("door", False, words)
    return Finding("door", True, "Socket Mode can be opened")


async def _channels(services: Services) -> Finding:
    async with services.read() as session:
        found = await session.exec(
            select(Account.slack_team, Account.channel)
            .where(col(Account.active), col(Account.channel).is_not(None))
            .distinct()
            .order_by(Account.slack_team, col(Account.channel))
        )
        channels = [(team, str(channel)) for team, channel in found.all()]
    try:
        teams = await services.directory.workspaces()
    except DirectoryUnavailable as error:
        return Finding("channels", False, f"Slack says {error}: see what it says of the token")
    settings, looked_at = services.settings, channels[:MOST_CHANNELS]
    if settings.account_services_channel:
        team = settings.account_services_team or next(iter(teams), "")
        looked_at.insert(0, (team, settings.account_services_channel))
    outside, unseen = await _look_into(services, teams, looked_at)
    wrong = [f"in {team} no channel could be looked at: {why}" for team, why in unseen.items()]
    if outside:
        named = f"{', '.join(outside[:5])}{_and_more(outside, 5)}"
        wrong.append(f"the bot is not in {named}: type /invite @seatbot there")
    if wrong:
        return Finding("channels", False, "; ".join(wrong))
    rest = len(channels) - MOST_CHANNELS
    return Finding(
        "channels",
        True,
        f"the bot is in all {len(looked_at)}" + (f" looked at, {rest} were not" if rest > 0 else ""),
    )


async def _look_into(
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
            if not await services.directory.in_channel(team, channel):
                outside.append(channel)
        except DirectoryUnavailable as error:
            unseen[team] = str(error)
    return outside, unseen


async def _mail(services: Services) -> Finding:
    if not services.mailer.configured:
        return Finding("mail", None, "SMTP_URL is not set: receipt e-mails wait until it is")
    try:
        await services.mailer.check()
    except (MailUnavailable, MailRefused) as error:
        return Finding("mail", False, f"the server did not take us: {error}; look at SMTP_URL")
    sender = parseaddr(services.settings.mail_from)[1]
    if not MAIL_ADDRESS.fullmatch(sender):
        words = "MAIL_FROM is not set to a mail address: many servers take nothing from such a sender"
        return Finding("mail", False, words)
    return Finding("mail", True, f"the server takes us, and mail is sent as {sender}")


async def _billing(services: Services) -> Finding:
    billing = services.settings.billing
    try:
        words = await services.billing.check()
    except BillingUnavailable as error:
        why = error.words.get("why", "no answer")
        return Finding("billing", False, f"{billing}: {why}; look at STRIPE_API_KEY and STRIPE_API_URL")
    if billing == "embedded":
        return Finding("billing", None, f"{billing}: {words}")
    return await _linked(services, words)


async def _linked(services: Services, words: str) -> Finding:
    """A provider of its own must know every account, and should be able to send word."""
    async with services.read() as session:
        unlinked = await session.exec(
            select(Account.id).where(col(Account.stripe_customer).is_(None), col(Account.active)).limit(5)
        )
        missing = list(unlinked.all())
    if missing:
        names = ", ".join(missing)
        return Finding("billing", False, f"{words}, but no stripe_customer is set for {names}")
    if services.provider_events is None:
        return Finding("billing", None, f"{words}; STRIPE_WEBHOOK_SECRET is not set: Stripe is only asked")
    return Finding("billing", True, f"{words}; events arrive at /stripe/webhook")


async def _seller(services: Services) -> Finding:
    seller = services.settings.seller
    if not seller.address:
        words = f"receipts name {seller.name} without an address: set SELLER_ADDRESS"
        return Finding("seller", None, words)
    return Finding("seller", True, f"receipts name {', '.join([seller.name, *seller.address])}")


async def _account_services(services: Services) -> Finding:
    if services.settings.account_services_channel is None:
        words = "ACCOUNT_SERVICES_CHANNEL is not set: nobody there is told of overdue orders"
        return Finding("account services", None, words)
    return Finding("account services", True, f"told in {services.settings.account_services_channel}")


def _and_more(found: Sized, shown: int = 1) -> str:
    rest = len(found) - shown
    return f" (and {rest} more)" if rest > 0 else ""
