"""The check of `doctor` that asks Slack for the billing contacts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import and_, col, func, or_, select

from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable, UserProfile
from bot.use_cases.operations.check_result import CheckResult, format_remainder
from models.account import Account
from models.account.billing_contact import BillingContact
from models.slack_user import SlackUser

MAX_LISTED = 5
# Slack is called twice for each, and allows about fifty calls a minute: of the bot, too.
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
    # Slack knows them, but only full members of a workspace can order (R5).
    not_members: list[str] = field(default_factory=list)
    # How many of an account's contacts cannot order, by account.
    refused: Counter[str] = field(default_factory=Counter)
    # Workspace and reason of each.
    failures: list[tuple[str, str]] = field(default_factory=list)

    def has_failed_too_often(self, team: str) -> bool:
        return sum(failed == team for failed, _ in self.failures) >= MAX_FAILED_LOOKUPS


async def check_contacts(dependencies: Dependencies) -> CheckResult:
    """Contacts that Slack has never identified come first, and among them the newest."""
    async with dependencies.read() as session:
        open_contacts = select(BillingContact, Account).join(Account).where(IS_OPEN_CONTACT)
        counts = await session.exec(
            select(Account.id, func.count())
            .join(BillingContact, col(BillingContact.account_id) == Account.id)
            .where(IS_OPEN_CONTACT)
            .group_by(col(Account.id))
        )
        count_by_account = dict(counts.all())
        found = await session.exec(
            open_contacts.order_by(HAS_PROFILE, col(BillingContact.id).desc()).limit(MAX_CHECKED_CONTACTS)
        )
        contacts = found.all()
    return _describe(await _look_up(dependencies, contacts), count_by_account)


async def _look_up(
    dependencies: Dependencies, contacts: Sequence[tuple[BillingContact, Account]]
) -> _Lookups:
    # One failure says nothing about the others.
    lookups = _Lookups()
    for contact, account in contacts:
        if lookups.has_failed_too_often(account.slack_team):
            continue
        try:
            profile = await _find_profile(dependencies, contact, account)
        except DirectoryUnavailable as error:
            lookups.failures.append((account.slack_team, str(error)))
            continue
        if profile is None or profile.deleted:
            lookups.unknown.append(f"{contact.email} ({account.id})")
        elif profile.is_guest or profile.is_bot or profile.is_stranger:
            lookups.not_members.append(f"{contact.email} ({account.id})")
        else:
            lookups.known_count += 1
            continue
        lookups.refused[account.id] += 1
    return lookups


async def _find_profile(
    dependencies: Dependencies, contact: BillingContact, account: Account
) -> UserProfile | None:
    directory, team = dependencies.directory, account.slack_team
    user_id = contact.slack_user or await directory.find_user_by_email(team, contact.email)
    return await directory.fetch_profile(team, user_id) if user_id is not None else None


def _describe(lookups: _Lookups, count_by_account: Mapping[str, int]) -> CheckResult:
    total = sum(count_by_account.values())
    checked_count = lookups.known_count + lookups.refused.total()
    problems = []
    if unknown := lookups.unknown:
        shown = ", ".join(unknown[:MAX_LISTED])
        problems.append(f"Slack does not know {shown}{format_remainder(unknown, MAX_LISTED)}")
    if others := lookups.not_members:
        shown = ", ".join(others[:MAX_LISTED])
        problems.append(f"not full members in Slack: {shown}{format_remainder(others, MAX_LISTED)}")
    if ids := [id_ for id_, count in sorted(lookups.refused.items()) if count == count_by_account.get(id_)]:
        shown = ", ".join(ids[:MAX_LISTED])
        problems.append(f"so nobody can order for {shown}{format_remainder(ids, MAX_LISTED)}")
    for (team, reason), count in Counter(lookups.failures).items():
        problems.append(f"in {team} {count} could not be looked up: {reason}")
    coverage = f"{checked_count} of {total} were looked up"
    if problems:
        return CheckResult("contacts", None, "; ".join([*problems, coverage]))
    if checked_count == total:
        return CheckResult("contacts", True, f"Slack knows all {total}")
    return CheckResult("contacts", True, f"Slack knows those that it was asked for: {coverage}")
