"""What is stored about a person: exporting and erasing it (docs/privacy.md)."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.bootstrap import now
from bot.commands.database import open_migrated_database
from bot.commands.terminal import (
    OperatorOption,
    exit_with_error,
    get_operator_name,
    print_line,
    read_settings_or_exit,
    run_or_exit,
)
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.use_cases.personal_data.person import Person, PersonKey

PersonArgument = Annotated[
    str, typer.Argument(help="An email address, or a workspace and a user of Slack: T01ACME/U01ALICE.")
]


def export_person(person: PersonArgument) -> None:
    """Write everything that is stored about a person, as JSON."""
    settings = read_settings_or_exit()
    run_or_exit(_run_export(settings, _parse_key_or_exit(person)))


async def _run_export(settings: Settings, key: "PersonKey") -> None:
    from bot.use_cases.personal_data.records import load_records

    async with open_migrated_database(settings) as database, database.stream() as session:
        records = await load_records(session, key)
    # JSON escapes what could steer a terminal.
    print(json.dumps(records, indent=2))  # noqa: T201


def erase_person(
    person: PersonArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    operator: OperatorOption = None,
) -> None:
    """Erase a person; rows that refer to them keep a pseudonym. This cannot be undone."""
    settings = read_settings_or_exit()
    operator_name = get_operator_name(settings, operator)
    run_or_exit(_run_erasure(settings, _parse_key_or_exit(person), operator_name, confirmed=yes))


async def _run_erasure(settings: Settings, key: "PersonKey", operator: str, *, confirmed: bool) -> None:
    from bot.use_cases.personal_data import erase

    async with open_migrated_database(settings) as database:
        try:
            person = await erase.check_erasable(database, key)
            print_person(person)
            confirmed = confirmed or not person.is_known
            if not confirmed and not (sys.stdin.isatty() and typer.confirm("Erase this person?")):
                exit_with_error("nothing was erased: confirm it, or add --yes")
            erasure = await erase.erase_person(database, key, operator=operator, at=now())
        except erase.NotErasable as error:
            exit_with_error(f"nothing was erased:\n{error}")
    if not erasure.row_count:
        print_line("nothing is stored about this person")
        return
    print_line("erased; docs/privacy.md says what is left, and where else to look")


def print_person(person: "Person") -> None:
    # Shown first, because somebody may have typed the wrong address.
    for contact in person.contacts:
        print_line(f"billing contact of {contact.account_id}: {contact.name} <{contact.email}>")
    for administrator in person.administrators:
        print_line(
            f"administrator of {administrator.account_id}: {administrator.name} <{administrator.email}>"
        )
    for invitation in person.invitations:
        print_line(f"invited to {invitation.account_id}: {invitation.name} <{invitation.email}>")
    for user in person.slack_users:
        print_line(f"Slack user {user.team_id}/{user.user_id}: {user.name} <{user.email or 'no address'}>")
    if person.acted_in:
        print_line(f"named in the history of {', '.join(sorted(person.acted_in))}")


def _parse_key_or_exit(text: str) -> "PersonKey":
    from bot.use_cases.personal_data.person import InvalidPersonKey, PersonKey

    try:
        return PersonKey.parse(text)
    except InvalidPersonKey:
        exit_with_error("not a person: give an email address, or a Slack user such as T01ACME/U01ALICE")
