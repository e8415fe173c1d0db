"""The check of `doctor` that asks Slack for the billing contacts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import and_, col, func, or_, select

from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable
from bot.use_cases.operations.check_result import CheckResult, format_remainder
from models.account import Account
from models.account.billing_contact import BillingContact
from models.slack_user import SlackUser

MAX_LISTED = 5
# Slack is called once or twice for each, and allows about fifty calls a minute: of the bot, too.
MAX_CHECKED_CONTACTS = 50
# After this many failures, the rest of a workspace is skipped: each may take as long as a timeout.
MAX_FAILED_LOOKUPS = 3

IS_OPEN_CONTACT = and_(col(BillingContact.active), col(Account.active), col(Account.closed_at).is_(None))
# Slack has returned their profile at least once.
HAS_PROFILE = (
    select(SlackUser.user_id)
    .where(
        or_(
            col(SlackUser.email) == BillingContact.email,
            col(SlackUser.user_id) == BillingContact.slack_user,
            col(SlackUser.enterprise_user_id) == BillingContact.slack_user,
        ),
        col(SlackUser.deleted).is_(False),
    )
    .correlate(BillingContact)
    .exists()
)


@dataclass
class _Lookups:
    known_count: int = 0
    unknown: list[str] = field(default_factory=list)
    # Workspace and reason of each.
    failures: list[tuple[str, str]] = field(default_factory=list)

    def has_failed_too_often(self, team: str) -> bool:
        return sum(failed == team for failed, _ in self.failures) >= MAX_FAILED_LOOKUPS


async def check_contacts(dependencies: Dependencies) -> CheckResult:
    """Contacts that Slack has never identified come first, and among them the newest."""
    async with dependencies.read() as session:
        open_contacts = select(BillingContact, Account).join(Account).where(IS_OPEN_CONTACT)
        total = (await session.exec(select(func.count()).select_from(open_contacts.subquery()))).one()
        found = await session.exec(
            open_contacts.order_by(HAS_PROFILE, col(BillingContact.id).desc()).limit(MAX_CHECKED_CONTACTS)
        )
        contacts = found.all()
    return _describe(await _look_up(dependencies, contacts), total)


async def _look_up(
    dependencies: Dependencies, contacts: Sequence[tuple[BillingContact, Account]]
) -> _Lookups:
    # One failure says nothing about the others.
    lookups = _Lookups()
    for contact, account in contacts:
        if lookups.has_failed_too_often(account.slack_team):
            continue
        try:
            if await _is_known(dependencies, contact, account):
                lookups.known_count += 1
            else:
                lookups.unknown.append(f"{contact.email} ({account.id})")
        except DirectoryUnavailable as error:
            lookups.failures.append((account.slack_team, str(error)))
    return lookups


async def _is_known(dependencies: Dependencies, contact: BillingContact, account: Account) -> bool:
    if contact.slack_user is None:
        return await dependencies.directory.find_user_by_email(account.slack_team, contact.email) is not None
    profile = await dependencies.directory.fetch_profile(account.slack_team, contact.slack_user)
    return not (profile.deleted or profile.is_guest or profile.is_bot)


def _describe(lookups: _Lookups, total: int) -> CheckResult:
    checked_count = lookups.known_count + len(lookups.unknown)
    problems = []
    if unknown := lookups.unknown:
        shown = ", ".join(unknown[:MAX_LISTED])
        problems.append(f"Slack does not know {shown}{format_remainder(unknown, MAX_LISTED)}")
    for (team, reason), count in Counter(lookups.failures).items():
        problems.append(f"in {team} {count} could not be looked up: {reason}")
    coverage = f"{checked_count} of {total} were looked up"
    if problems:
        return CheckResult("contacts", None, "; ".join([*problems, coverage]))
    if checked_count == total:
        return CheckResult("contacts", True, f"Slack knows all {total}")
    return CheckResult("contacts", True, f"Slack knows those that it was asked for: {coverage}")
