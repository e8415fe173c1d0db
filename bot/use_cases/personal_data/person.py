"""One person, in all the tables that know them under a name, an email address or a Slack id."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select

from bot.db import Session
from bot.use_cases.personal_data.mentions import Mentions
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import ContactInvitation
from models.audit.entry import AuditEntry, AuditPerson
from models.slack_user import SlackUser
from models.text.email_address import is_email_address, normalize_email

RowT = TypeVar("RowT", BillingContact, ContactInvitation)

# Workspace or organisation, and user.
SlackId = tuple[str, str]


class InvalidPersonKey(Exception):
    """Neither an email address nor `T…/U…`."""


@dataclass(frozen=True)
class PersonKey:
    """How an operator names a person: by one of these."""

    email: str | None = None
    slack_id: SlackId | None = None

    @classmethod
    def parse(cls, text: str) -> "PersonKey":
        """`alice@acme.example`, or `T01ACME/U01ALICE`. Raises InvalidPersonKey."""
        team, slash, user = text.strip().partition("/")
        if slash and team and user:
            return cls(slack_id=(team, user))
        if not is_email_address(text.strip()):
            raise InvalidPersonKey
        return cls(email=normalize_email(text.strip()))


@dataclass
class Person:
    """`slack_ids` are the person's in each workspace and organisation that they were seen in."""

    emails: set[str] = field(default_factory=set)
    slack_ids: set[SlackId] = field(default_factory=set)
    slack_users: list[SlackUser] = field(default_factory=list)
    contacts: list[BillingContact] = field(default_factory=list)
    administrators: list[Administrator] = field(default_factory=list)
    # Which they got, to become a contact.
    invitations: list[ContactInvitation] = field(default_factory=list)
    # One for each name, address and Slack id under which they acted.
    audit_people: list[AuditPerson] = field(default_factory=list)
    # Those whose histories name them.
    acted_in: set[str] = field(default_factory=set)

    @property
    def is_known(self) -> bool:
        of_accounts = self.contacts or self.administrators or self.invitations
        return bool(self.slack_users or of_accounts or self.audit_people)

    @property
    def user_ids(self) -> set[str]:
        return {user_id for _, user_id in self.slack_ids}

    @property
    def contact_ids(self) -> list[int]:
        return [contact.key for contact in self.contacts]

    @property
    def administrator_ids(self) -> list[int]:
        return [administrator.key for administrator in self.administrators]

    @property
    def invitation_ids(self) -> list[int]:
        return [invitation.key for invitation in self.invitations]

    @property
    def audit_person_ids(self) -> list[str]:
        return [person.id for person in self.audit_people]

    @property
    def names(self) -> set[str]:
        names = [
            *(user.name for user in self.slack_users),
            *(contact.name for contact in self.contacts),
            *(administrator.name for administrator in self.administrators),
            *(invitation.name for invitation in self.invitations),
            *(person.name for person in self.audit_people),
        ]
        return {name for name in names if name}

    @property
    def account_ids(self) -> list[str]:
        """The accounts that may mention them, in the order in which they are locked."""
        of_contacts = {contact.account_id for contact in self.contacts}
        of_administrators = {administrator.account_id for administrator in self.administrators}
        of_invitations = {invitation.account_id for invitation in self.invitations}
        return sorted(of_contacts | of_administrators | of_invitations | self.acted_in)

    @property
    def mentions(self) -> Mentions:
        former = {person.email for person in self.audit_people if person.email}
        return Mentions({*self.emails, *former, *self.user_ids}, self.names)

    def get_pseudonym(self, account_id: str) -> str:
        """The name in the account's rows once the person is erased, the same in every language."""
        for contact in self.contacts:
            if contact.account_id == account_id:
                return build_contact_pseudonym(contact)
        for administrator in self.administrators:
            if administrator.account_id == account_id:
                return build_administrator_pseudonym(administrator)
        return "–"


def build_contact_pseudonym(contact: BillingContact) -> str:
    return f"Contact {contact.key}"


def build_administrator_pseudonym(administrator: Administrator) -> str:
    return f"Admin {administrator.key}"


async def find_person(session: Session, key: PersonKey) -> Person:
    """Finds a person also under the addresses and ids that a profile of Slack, or a contact, connects with
    the key."""
    person = Person({key.email} if key.email else set(), {key.slack_id} if key.slack_id else set())
    known = -1
    while known < (known := len(person.emails) + len(person.slack_ids)):
        await _load_slack_users(session, person)
        person.contacts = await _load_own_rows(session, person, BillingContact)
        person.invitations = await _load_own_rows(session, person, ContactInvitation)
    person.administrators = list(
        (await session.exec(select(Administrator).where(col(Administrator.email).in_(person.emails)))).all()
    )
    await _load_audit_people(session, person)
    return person


def match_slack_ids(
    team_column: object, user_column: object, slack_ids: Collection[SlackId]
) -> ColumnElement[bool]:
    pairs = [and_(col(team_column) == team, col(user_column) == user) for team, user in sorted(slack_ids)]
    return or_(false(), *pairs)


async def _load_slack_users(session: Session, person: Person) -> None:
    found = await session.exec(
        select(SlackUser).where(
            or_(
                col(SlackUser.email).in_(person.emails),
                match_slack_ids(SlackUser.team_id, SlackUser.user_id, person.slack_ids),
                match_slack_ids(SlackUser.enterprise_id, SlackUser.enterprise_user_id, person.slack_ids),
            )
        )
    )
    person.slack_users = list(found.all())
    for user in person.slack_users:
        person.emails |= {user.email} if user.email else set()
        person.slack_ids |= {(user.team_id, user.user_id), user.identity_key}
        # By their organisation's id they are known in each of its workspaces (R29).
        person.slack_ids |= {(team, user.identity_key[1]) for team in user.own_team_ids if team}


async def _load_own_rows(session: Session, person: Person, table: type[RowT]) -> list[RowT]:
    """Loads rows with one of the person's addresses, or with their Slack user in the account's workspace."""
    found = await session.exec(
        select(table, Account.slack_team)
        .join(Account, col(Account.id) == table.account_id)
        .where(or_(col(table.email).in_(person.emails), col(table.slack_user).in_(person.user_ids)))
        .order_by(col(table.id))
    )
    own_rows = []
    for row, team in found.all():
        if row.email in person.emails or (team, row.slack_user) in person.slack_ids:
            own_rows.append(row)
            person.emails.add(row.email)
            person.slack_ids |= {(team, row.slack_user)} if row.slack_user else set()
    return own_rows


async def _load_audit_people(session: Session, person: Person) -> None:
    found = await session.exec(
        select(AuditPerson).where(
            or_(
                col(AuditPerson.email).in_(person.emails),
                match_slack_ids(AuditPerson.team_id, AuditPerson.user_id, person.slack_ids),
            )
        )
    )
    person.audit_people = list(found.all())
    accounts = await session.exec(
        select(AuditEntry.account_id).where(col(AuditEntry.person_id).in_(person.audit_person_ids)).distinct()
    )
    person.acted_in = set(accounts.all())
