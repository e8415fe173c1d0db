"""Looking whether all is there that the bot needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel import func, select

from bot.directory.directory import DirectoryUnavailable
from bot.mail.mailer import MailRefused, MailUnavailable
from bot.services import Services
from models.account import Account


@dataclass(frozen=True)
class Finding:
    """`well` is none for what is neither right nor wrong. `words` say what is wrong, and what to do."""

    about: str
    well: bool | None
    words: str


async def diagnose(services: Services, needed_scopes: set[str]) -> list[Finding]:
    """Every check, each with one line; one that fails hides no other."""
    checks: dict[str, Callable[[], Awaitable[Finding]]] = {
        "database": lambda: _database(services),
        "accounts": lambda: _accounts(services),
        "slack": lambda: _slack(services, needed_scopes),
        "mail": lambda: _mail(services),
        "billing": lambda: _billing(services),
        "account services": lambda: _account_services(services),
    }
    return [await _found(about, check) for about, check in checks.items()]


async def _found(about: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Exception as error:
        return Finding(about, False, f"{type(error).__name__}: {error}".splitlines()[0])


async def _database(services: Services) -> Finding:
    if not await services.database.migrated():
        return Finding("database", False, "its shape is older than this version: python app.py migrate")
    return Finding("database", True, "reachable, and up to date")


async def _accounts(services: Services) -> Finding:
    async with services.read() as session:
        number = (await session.exec(select(func.count()).select_from(Account))).one()
    words = f"{number} imported" if number else "none yet: python app.py import accounts.yml"
    return Finding("accounts", bool(number) or None, words)


async def _slack(services: Services, needed: set[str]) -> Finding:
    try:
        missing = needed - await services.directory.granted_scopes()
    except DirectoryUnavailable as error:
        return Finding("slack", False, f"Slack says {error}: look at SLACK_BOT_TOKEN and SLACK_API_URL")
    if missing:
        words = f"the token lacks {', '.join(sorted(missing))}: install the app again with manifest.yml"
        return Finding("slack", False, words)
    door = "Socket Mode" if services.settings.socket_mode else "HTTP"
    return Finding("slack", True, f"token and scopes are right; requests come over {door}")


async def _mail(services: Services) -> Finding:
    if not services.mailer.configured:
        return Finding("mail", None, "SMTP_URL is not set: receipt e-mails wait until it is")
    try:
        await services.mailer.check()
    except (MailUnavailable, MailRefused) as error:
        return Finding("mail", False, f"the server did not take us: {error}; look at SMTP_URL")
    return Finding("mail", True, "the server takes us")


async def _billing(services: Services) -> Finding:
    return Finding(
        "billing", None, f"{services.settings.billing}: for evaluation and demos, nobody is charged"
    )


async def _account_services(services: Services) -> Finding:
    if services.settings.account_services_channel is None:
        words = "ACCOUNT_SERVICES_CHANNEL is not set: nobody there is told of overdue orders"
        return Finding("account services", None, words)
    return Finding("account services", True, f"told in {services.settings.account_services_channel}")
