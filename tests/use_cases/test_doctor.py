"""`doctor`: a line for each thing, that says what is wrong and what to do."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from bot.bootstrap import now
from bot.mail.smtp.mailer import SmtpMailer
from bot.settings import Settings
from bot.use_cases.notice.enqueue import enqueue_notice
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.contact_check import MAX_CHECKED_CONTACTS
from bot.use_cases.operations.doctor import run_checks
from models.account import Account, TaxExemption
from models.account.billing_contact import BillingContact
from models.notice import NoticeKind
from models.notice.destination import Destination, DestinationKind
from models.notice.payloads import PortalChangedPayload
from tests.commands import run_command
from tests.fakes import FakeUserDirectory
from tests.handlers.db_snapshot import change
from tests.mail.inbox import run_inbox
from tests.models.examples import make_slack_user
from tests.replicas.processes import build_environment
from tests.variants import get_variant
from tests.world import World
from tests.world import world as open_world
from tests.yaml_files import read_yaml

ROOT = Path(__file__).parents[2]
SCOPES = set(read_yaml(ROOT / "manifest.yml")["oauth_config"]["scopes"]["bot"])


@pytest.fixture
async def healthy_world(world: World) -> World:
    """With no problems: the bot is in every account's channel."""
    world.slack.get_channel("C05INELIGIBLE").add_bot()
    async with world.dependencies.write() as session:
        await session.exec(text("UPDATE account SET active = false WHERE slack_team = 'T02OTHER'"))  # type: ignore[call-overload]
    return world


async def load_results(
    world: World, needed: set[str] = SCOPES, wall_clock: Callable[[], datetime] = now
) -> dict[str, CheckResult]:
    """What Slack's and the database's clock say is true."""
    found = await run_checks(world.dependencies, needed, wall_clock)
    assert all("\n" not in result.message for result in found)
    return {result.name: result for result in found}


async def test_a_healthy_installation_passes_every_check(healthy_world: World) -> None:
    found = await load_results(healthy_world)
    assert [f for f in found.values() if f.passed is False] == []
    assert [*found] == [
        "settings", "database", "jobs", "clock", "accounts", "slack", "transport", "channels", "contacts",
        "ordering", "products",
        "mail", "billing",
        "seller", "receipts", "account services", "notices",
    ]  # fmt: skip
    assert found["channels"].message == "the bot is in all 6"


async def test_what_receipts_lack_for_tax_is_named(healthy_world: World) -> None:
    settings = healthy_world.dependencies.settings
    for tax_id, passed, words in (
        ("", None, "without a tax ID: set SELLER_TAX_ID"),
        ("VAT IE1234567X", False, "SELLER_TAX_ID is not a VAT number: VAT IE1234567X"),
        ("VAT IE1234567T", True, "receipts name GoTo, Dublin 2, Ireland, VAT IE1234567T"),
        ("CRO 123456", True, "CRO 123456"),
    ):
        seller = {
            "seller_name": "GoTo",
            "seller_address": "Dublin 2; Ireland",
            "seller_tax_id": tax_id,
        }
        healthy_world.dependencies.settings = settings.model_copy(update=seller)
        found = (await load_results(healthy_world))["seller"]
        assert (found.passed, words in found.message) == (passed, True), found
    await change(healthy_world, Account, "acme", tax_exemption=TaxExemption.REVERSE, tax_id="")
    found = (await load_results(healthy_world))["seller"]
    assert found.passed is False
    assert found.message == "receipts of acme say reverse charge without a tax_id of the buyer: import one"


async def test_unknown_names_in_the_env_file_are_noted(
    healthy_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (await load_results(healthy_world))["settings"].passed
    lines = [
        "SMPT_URL=smtp://a:secret@b",
        "port=1",
        "POSTGRES_USER=x",
        "SLACK_BOT_TOKEN=xoxb-1",
        "xoxb-secret",
    ]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    found = (await load_results(healthy_world))["settings"]
    assert found.passed is None
    assert "unknown settings: SMPT_URL (SMTP_URL?), POSTGRES_USER, 1 that cannot be shown" in found.message
    assert "secret" not in found.message


async def test_an_old_or_unavailable_database_is_reported_beside_other_problems(healthy_world: World) -> None:
    async with healthy_world.dependencies.write() as session:
        await session.exec(text("DELETE FROM alembic_version"))  # type: ignore[call-overload]
    found = (await load_results(healthy_world))["database"]
    assert (found.passed, "python app.py migrate" in found.message) == (False, True)


async def test_a_scope_that_the_token_lacks_is_named(healthy_world: World) -> None:
    found = (await load_results(healthy_world, {*SCOPES, "im:write"}))["slack"]
    assert found.passed is False
    assert "T01ACME lacks im:write: install the app again" in found.message


async def test_a_token_that_slack_refuses_is_named_with_its_setting(healthy_world: World) -> None:
    healthy_world.slack.slack.workspace.installations[0].bot_token = "xoxb-another"
    found = await load_results(healthy_world)
    assert found["slack"].message == "Slack says invalid_auth: check SLACK_BOT_TOKEN and SLACK_API_URL"
    assert found["channels"].passed is False
    assert found["mail"].passed


async def test_an_app_token_that_opens_no_socket_is_named(world: World) -> None:
    settings = world.dependencies.settings
    for token, is_right in ((world.slack.app_token, True), (world.slack.bot_token, False)):
        changed = settings.model_copy(update={"slack_app_token": SecretStr(token)})
        world.dependencies.settings = changed
        found = (await load_results(world))["transport"]
        assert found.passed is is_right, found
    assert "check SLACK_APP_TOKEN" in found.message


async def test_the_channels_that_the_bot_is_not_in_are_named(healthy_world: World) -> None:
    healthy_world.slack.get_channel("C03SLOW").remove_bot()
    healthy_world.slack.get_channel("C04CUSTOMER").archive()
    found = (await load_results(healthy_world))["channels"]
    assert found.passed is False
    assert found.message == "the bot is not in C03SLOW, C04CUSTOMER: type /invite @seatbot there"


async def test_an_account_in_a_workspace_that_the_token_does_not_open_is_named(healthy_world: World) -> None:
    async with healthy_world.dependencies.write() as session:
        await session.exec(  # type: ignore[call-overload]
            text("UPDATE account SET slack_team = 'T01ACMF' WHERE id IN ('acme', 'slow')")
        )
    healthy_world.slack.get_channel("C04CUSTOMER").remove_bot()
    found = await load_results(healthy_world)
    assert found["accounts"].passed is False
    assert "the workspace of acme (T01ACMF), slow (T01ACMF): check slack_team" in found["accounts"].message
    assert found["slack"].passed
    # Its channel of that id may be a stranger's: it is not looked up with another workspace's token.
    asked = {call.args["channel"] for call in healthy_world.slack.list_calls("conversations.info")}
    assert "C01BILLING" not in asked
    assert found["channels"].message == (
        "in T01ACMF no channel could be checked: the bot is not installed there; "
        "the bot is not in C04CUSTOMER: type /invite @seatbot there"
    )


async def test_an_unavailable_mail_server_is_reported(healthy_world: World) -> None:
    await healthy_world.slack.mail.stop()
    found = (await load_results(healthy_world))["mail"]
    assert (found.passed, "SMTP_URL" in found.message) == (False, True)


async def test_emails_that_wait_for_a_mail_server_are_counted(
    healthy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.mail.smtp.mailer.SmtpMailer.is_configured", False)
    assert "waiting now" not in (await load_results(healthy_world))["mail"].message
    at = healthy_world.dependencies.now()
    async with healthy_world.dependencies.write() as session:
        account = await session.get_one(Account, "acme")
        payload = PortalChangedPayload(by="Alice")
        for id_ in ("1", "2"):
            email = Destination(DestinationKind.EMAIL, id_)
            await enqueue_notice(
                session,
                NoticeKind.PORTAL_CHANGED,
                f"e{id_}",
                [email],
                account=account,
                at=at,
                payload=payload,
            )
    found = (await load_results(healthy_world))["mail"]
    assert found.passed is None
    assert found.message.endswith("; 2 waiting now")


async def test_mail_that_goes_unencrypted_to_another_machine_is_noted(
    healthy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.mail.smtp.mailer.SmtpMailer.is_plain_text", True)
    found = (await load_results(healthy_world))["mail"]
    assert (found.passed, "?starttls=0" in found.message) == (None, True)


DEFAULT_SENDER = str(Settings.model_fields["mail_from"].default)


async def test_a_sender_that_is_not_a_mail_address_is_named(healthy_world: World) -> None:
    settings = healthy_world.dependencies.settings
    for sender in (DEFAULT_SENDER, "seatbot", "Seatbot at acme", "a@b@acme.example", "@acme.com"):
        healthy_world.dependencies.settings = settings.model_copy(update={"mail_from": sender})
        found = (await load_results(healthy_world))["mail"]
        assert (found.passed, "MAIL_FROM" in found.message) == (False, True), found


async def test_a_sender_that_the_server_refuses_is_named(healthy_world: World) -> None:
    """What is asked of it sends nothing."""
    async with run_inbox() as inbox:
        inbox.answers["MAIL"] = "553 5.7.1 not your address"
        healthy_world.dependencies.mailer = SmtpMailer(inbox.url, "Seatbot <seatbot@acme.example>")
        found = (await load_results(healthy_world))["mail"]
        assert (found.passed, found.message) == (
            False,
            "the server refuses mail from seatbot@acme.example: SMTPSenderRefused 553 5.7.1; check MAIL_FROM",
        )
        del inbox.answers["MAIL"]
        # Many servers answer so late. Others have no mailbox of the sender's, which is no reason to refuse.
        for answer, is_refused in (
            ("553 5.7.1 Sender address rejected: not owned by user", True),
            ("450 4.1.8 Sender address rejected: Domain not found", True),
            ("550 5.1.1 User unknown", False),
            ("550 No such user", False),
            ("450 4.2.0 Greylisted", False),
        ):
            inbox.answers["RCPT"] = answer
            found = (await load_results(healthy_world))["mail"]
            assert (found.passed, "check MAIL_FROM" in found.message) == (not is_refused, is_refused), answer
        del inbox.answers["RCPT"]
        # Nobody reads what is sent to it, which is no reason either.
        inbox.answers["RCPT seatbot@acme.example"] = "554 5.7.1 Recipient address rejected: Access denied"
        assert (await load_results(healthy_world))["mail"].passed
        assert inbox.envelopes == []


@pytest.mark.parametrize(("seconds", "passed"), [(-61, False), (-58, True), (58, True), (61, False)])
async def test_a_clock_that_is_off_by_more_than_a_minute_is_reported(
    healthy_world: World, seconds: int, passed: bool
) -> None:
    """By Slack's `Date` header, and by PostgreSQL's clock."""
    found = (await load_results(healthy_world, wall_clock=lambda: now() + timedelta(seconds=seconds)))[
        "clock"
    ]
    assert found.passed is passed
    word = "ahead of" if seconds > 0 else "behind"
    assert re.search(rf"this machine's( clock)? is \d+ s {word} Slack's", found.message)
    assert ("the database's" in found.message) is (get_variant().database == "postgresql")
    assert ("NTP" in found.message) is not passed


async def test_what_was_recorded_ahead_of_the_clock_is_reported(healthy_world: World) -> None:
    """A replica's clock is ahead, or this machine's was set back."""
    wall_clock = lambda: healthy_world.clock.at - timedelta(hours=2)  # noqa: E731
    found = (await load_results(healthy_world, wall_clock=wall_clock))["clock"]
    assert found.passed is False
    assert found.message.startswith("something was recorded 7,200 s from now: ")


async def test_no_clock_is_compared_if_no_other_is_available(world: World) -> None:
    directory = FakeUserDirectory()
    world.dependencies.directory, directory.silent = directory, True
    world.dependencies.database.fetch_server_time = directory.fetch_server_time  # type: ignore[method-assign]
    assert (await load_results(world))["clock"].passed is None


async def test_a_sender_may_have_a_name(healthy_world: World) -> None:
    changed = healthy_world.dependencies.settings.model_copy(
        update={"mail_from": "Seatbot <seatbot@acme.example>"}
    )
    healthy_world.dependencies.settings = changed
    assert (await load_results(healthy_world))["mail"].passed


async def test_an_unset_optional_setting_is_a_note() -> None:
    async with open_world("migrated", smtp_url=None, account_services_channel=None) as world:
        found = await load_results(world)
    notes = {about for about, result in found.items() if result.passed is None}
    assert notes == {"accounts", "mail", "billing", "seller", "account services"}


async def test_the_exit_code_says_whether_anything_is_wrong(healthy_world: World, tmp_path: Path) -> None:
    url = healthy_world.dependencies.settings.database_url
    environment = build_environment(healthy_world.slack, url, transport="http", DATABASE_URL=url)
    assert (await run_command(tmp_path, "doctor", **environment)).exit_code == 0
    healthy_world.slack.get_channel("C03SLOW").remove_bot()
    result = await run_command(tmp_path, "doctor", **environment)
    assert result.exit_code == 1
    assert "wrong channels: the bot is not in C03SLOW" in result.output


async def test_scopes_that_slack_does_not_list_are_a_note(healthy_world: World) -> None:
    """A proxy may take the header away; that proves nothing of the token."""
    healthy_world.slack.inject_fault("missing_headers", "auth.test")
    found = (await load_results(healthy_world))["slack"]
    assert found.passed is None
    assert found.message.startswith("the token works in T01ACME, but the response does not list its scopes")


async def test_accounts_that_nobody_can_order_for_are_named_with_the_reason(healthy_world: World) -> None:
    async with healthy_world.dependencies.write() as session:
        for statement in (
            "UPDATE billing_contact SET active = false WHERE account_id = 'slow'",
            "UPDATE payment_method SET active = false WHERE account_id = 'declined'",
            "UPDATE account SET active = false WHERE id NOT IN ('acme', 'slow', 'declined', 'ineligible')",
        ):
            await session.exec(text(statement))  # type: ignore[call-overload]
    found = (await load_results(healthy_world))["ordering"]
    assert found.passed is None
    assert found.message == (
        "nobody can order for declined (no payment method that can be charged), "
        "ineligible (not self-served), slow (no billing contact)"
    )


async def test_contacts_unknown_to_slack_are_listed(healthy_world: World) -> None:
    assert (await load_results(healthy_world))["contacts"].passed
    async with healthy_world.dependencies.write() as session:
        await session.exec(  # type: ignore[call-overload]
            text("UPDATE billing_contact SET email = 'gone@acme.example' WHERE email = 'benoit@acme.example'")
        )
    found = (await load_results(healthy_world))["contacts"]
    assert found.passed is None
    assert found.message == "Slack does not know gone@acme.example (acme); 9 of 9 were looked up"


async def test_an_account_whose_contacts_may_not_order_is_named(healthy_world: World) -> None:
    """A guest is found by their address, and can't order (R5)."""
    async with healthy_world.dependencies.write() as session:
        for changes, condition in (
            ("active = false", "account_id = 'slow' AND slack_user <> 'U04SAM'"),
            ("email = 'benoit2@acme.example', slack_user = NULL", "slack_user = 'U04SAM'"),
            ("email = 'gone@acme.example', slack_user = NULL", "account_id = 'declined'"),
        ):
            await session.exec(text(f"UPDATE billing_contact SET {changes} WHERE {condition}"))  # type: ignore[call-overload]
    found = (await load_results(healthy_world))["contacts"]
    assert found.passed is None
    assert found.message == (
        "Slack does not know gone@acme.example (declined); not full members in Slack: benoit2@acme.example "
        "(slow); so nobody can order for declined, slow; 8 of 8 were looked up"
    )


async def test_contacts_are_looked_up_even_if_one_fails_or_they_are_many(
    healthy_world: World,
) -> None:
    """Those first of whom Slack has never said who they are, however old they are."""
    world, directory = healthy_world, FakeUserDirectory()
    world.dependencies.directory = directory
    async with world.dependencies.write() as session:
        for contact in (await session.exec(select(BillingContact))).all():
            await session.delete(contact)
        await session.flush()
        for number in range(MAX_CHECKED_CONTACTS + 10):
            email, user = f"{number}@acme.example", f"U{number}"
            session.add(BillingContact(account_id="acme", email=email, name=user, slack_user=user))
            if number:
                directory.add(user, email)
                session.add(make_slack_user(user_id=user, email=email))
    found = (await load_results(world))["contacts"]
    assert found.passed is None
    assert found.message == "Slack does not know 0@acme.example (acme); 50 of 60 were looked up"

    directory.add("U0", "0@acme.example")
    found = (await load_results(world))["contacts"]
    assert found.passed
    assert found.message == "Slack knows those that it was asked for: 50 of 60 were looked up"

    directory.failing_users = {"U0"}
    found = (await load_results(world))["contacts"]
    assert found.message == "in T01ACME 1 could not be looked up: timeout; 49 of 60 were looked up"
    directory.failing_users = {*directory.profiles}
    found = (await load_results(world))["contacts"]
    assert found.message == "in T01ACME 3 could not be looked up: timeout; 0 of 60 were looked up"


@pytest.mark.parametrize(
    ("key", "passed", "words"),
    [("pk_test_1", False, "publishable key"), ("sk_test_1", None, "restricted key")],
)
async def test_a_stripe_key_of_the_wrong_kind_is_named(
    healthy_world: World, key: str, passed: bool | None, words: str
) -> None:
    changed = {"billing": "stripe", "stripe_api_key": SecretStr(key)}
    healthy_world.dependencies.settings = healthy_world.dependencies.settings.model_copy(update=changed)
    async with healthy_world.dependencies.write() as session:
        await session.exec(text("UPDATE account SET stripe_customer = 'cus_' || id"))  # type: ignore[call-overload]
    found = (await load_results(healthy_world))["billing"]
    assert (found.passed, words in found.message) == (passed, True), found
    assert key not in found.message


async def test_an_unrestricted_key_hides_no_account_that_is_not_linked(healthy_world: World) -> None:
    changed = {"billing": "stripe", "stripe_api_key": SecretStr("sk_test_1")}
    healthy_world.dependencies.settings = healthy_world.dependencies.settings.model_copy(update=changed)
    found = (await load_results(healthy_world))["billing"]
    assert found.passed is False
    assert "no stripe_customer is set for acme" in found.message
    assert "create a restricted key" in found.message


async def test_a_missing_slack_method_is_a_note(healthy_world: World) -> None:
    healthy_world.slack.inject_fault("unknown_method", "conversations.info")
    found = (await load_results(healthy_world))["channels"]
    assert found.passed is None
    assert found.message == "in T01ACME no channel could be checked: unknown_method"
