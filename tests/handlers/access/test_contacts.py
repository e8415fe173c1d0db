"""Billing contacts without a shell: a contact invites a colleague, who confirms; a contact is withdrawn (R1,
R5, R20)."""

import asyncio
from datetime import timedelta

from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import (
    INVITATION_VALIDITY,
    MAX_OPEN_INVITATIONS,
    ContactInvitation,
    InvitationStatus,
)
from models.audit.entry import AuditEntry
from models.notice import Notice, NoticeKind
from sandbox.config import SECOND_TEAM_ID
from sandbox.driver import Modal, Person
from tests.handlers.all_screens import INVITEE_ROUTES, NEUTRAL_REFUSAL, NOT_A_CONTACT
from tests.handlers.db_snapshot import add, change, get_answer, load_all_rows, show_button, show_form
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    get_contact,
    import_account,
    list_buttons,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World
from tests.world import world as open_world

LIST, INVITE = "billing_contact.list", "billing_contact.invite"
WITHDRAW, CANCEL = "billing_contact.withdraw", "billing_contact.cancel"
ACCEPT, DECLINE = INVITEE_ROUTES
NORA = "nobody@acme.example"


async def open_contacts(person: Person) -> Modal:
    await (await open_modal(person, "/billing", "", "account.overview")).press(LIST)
    return await person.wait_for_modal(LIST)


async def invite(world: World, person: Person, user_id: str = "U10NOBODY") -> Modal:
    """From `/billing`, up to the answer to the form."""
    await (await open_contacts(person)).press(INVITE)
    form = await person.wait_for_modal(INVITE)
    form.fill("colleague", user_id)
    await form.submit()
    await world.settle()
    return form


async def answer_invitation(world: World, person: Person, action_id: str) -> str:
    """By the button in the direct message."""
    await person.press_in(find_newest_message(person.dms, "invited you"), action_id)
    said = await get_answer(world, person, len(person.ephemerals))
    await world.settle()
    return said


async def list_entries(world: World) -> list[tuple[str, str]]:
    """Actions and actors of the account's history, as far as contacts are concerned."""
    entries = await world.load_rows(AuditEntry, account_id="acme")
    return [(e.action, e.actor_name) for e in entries if e.action.startswith("contact_")]


async def test_a_colleague_is_invited_accepts_and_orders(world: World) -> None:
    """From `/billing` to Nora's own order. All contacts are told, and the history says who."""
    alice, benoit, nora = (world.get_person(name) for name in ("alice", "benoit", "nobody"))
    await invite(world, alice)
    page = await wait_for_modal_text(alice, "Nora Body")
    assert "invited by Alice Martin" in page.text
    assert "expires on 17 Nov 2026, 10:00 (CET)" in page.text

    asked = find_newest_message(nora.dms, "Alice Martin invited you to become a billing contact for Acme SA")
    assert "at the account’s expense" in asked.text
    assert list_buttons(asked) == [ACCEPT, DECLINE]
    assert "Alice Martin a invité Nora Body" in find_newest_message(benoit.dms, "Nora Body").text
    assert find_messages(alice.dms, "Nora Body") == [], "she has seen the result"
    assert [c.email for c in await world.load_rows(BillingContact, account_id="acme", active=True)] == [
        "alice@acme.example",
        "benoit@acme.example",
    ]

    assert "You’re now a billing contact for *Acme SA*" in await answer_invitation(world, nora, ACCEPT)
    contact = await get_contact(world, NORA)
    assert (contact.active, contact.slack_user, contact.name) == (True, "U10NOBODY", "Nora Body")
    answered = find_newest_message(nora.dms, "invited you")
    assert "You accepted on" in answered.text
    assert list_buttons(answered) == [], "edited in place"
    assert "Nora Body is now a billing contact" in find_newest_message(alice.dms, "Nora Body").text
    assert "Nora Body est maintenant contact" in find_newest_message(benoit.dms, "Nora Body").text
    assert await list_entries(world) == [
        ("contact_invited", "Alice Martin"),
        ("contact_invitation_accepted", "Nora Body"),
    ]
    await nora.close_modal(everything=True)
    await world.place_order(nora, acme_meeting=1)
    await world.settle()
    assert [mail.recipients for mail in world.slack.mail.messages][-1] == [NORA], "the receipt is hers"

    world.clock.move(days=8)
    sent = len(alice.dms), len(nora.dms)
    await world.settle()
    assert (len(alice.dms), len(nora.dms)) == sent, "an answered invitation does not expire"


async def test_r1_an_older_invitation_does_not_restore_a_removed_contact(world: World) -> None:
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    await add(world, BillingContact(account_id="acme", name="Nora Body", email=NORA, slack_user="U10NOBODY"))
    contact = await get_contact(world, NORA)
    await (await open_contacts(alice)).press(WITHDRAW, str(contact.key))
    await world.settle()
    assert (await world.load_row(ContactInvitation)).status is InvitationStatus.CANCELLED
    assert list_buttons(find_newest_message(nora.dms, "invited you")) == []
    assert not (await get_contact(world, NORA)).active


async def test_a_colleague_declines(world: World) -> None:
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    assert "You declined the invitation" in await answer_invitation(world, nora, DECLINE)
    assert await world.load_rows(BillingContact, email=NORA) == []
    assert "Nora Body declined" in find_newest_message(alice.dms, "Nora Body").text
    assert "Nora Body" not in (await open_contacts(alice)).text
    assert (await list_entries(world))[-1] == ("contact_invitation_declined", "Nora Body")
    said = await get_answer(world, nora, 0)
    await nora.command("/add-seats")
    assert NOT_A_CONTACT in await get_answer(world, nora, 0), said
    await invite(world, alice)
    assert len(find_messages(nora.dms, "invited you")) == 2, "they may be asked again"


async def test_an_invitation_expires(world: World) -> None:
    """Whether or not a job has run; its sender is told, and the next one takes its place."""
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    world.clock.at = (await world.load_row(ContactInvitation)).expires_at
    await nora.press_in(find_newest_message(nora.dms, "invited you"), ACCEPT)
    assert "has expired" in await get_answer(world, nora, 0)
    await world.settle()
    assert list_buttons(find_newest_message(nora.dms, "invited you")) == []
    assert "invitation to become a billing contact for Acme SA has expired" in alice.dms[-1].text
    assert "Nora Body" not in (await open_contacts(alice)).text
    await nora.close_modal(everything=True)
    await invite(world, alice)
    statuses = [i.status for i in await world.load_rows(ContactInvitation)]
    assert statuses == [InvitationStatus.LAPSED, InvitationStatus.PENDING]
    assert "now a billing contact" in await answer_invitation(world, nora, ACCEPT)


async def test_r5_only_full_members_of_the_workspace_can_be_invited(world: World) -> None:
    """At the field, in words; nothing is stored or sent."""
    alice = world.get_person("alice")
    world.slack.set_user("U12VERA", deleted=True)
    world.slack.set_user("U09IDA", is_bot=True)
    world.slack.set_user("U07NOE", email=None)
    world.slack.set_user("U08LEA", email="alice@acme.example")
    form = await invite(world, alice, "U11GUEST")
    before = await load_all_rows(world)
    refused = {
        "U11GUEST": "Gus Guest can’t be a billing contact",
        "U20OLGA": "Olga North can’t be a billing contact",
        "U12VERA": "Vera Lind can’t be a billing contact",
        "U09IDA": "Ida Frei can’t be a billing contact",
        "U07NOE": "Noé Blanc has no email address in Slack",
        "U08LEA": "Léa Blanc has the same email address in Slack as Alice Martin",
        "U01ALICE": "Alice Martin is already a billing contact",
        "U02BENOIT": "Benoît Roche is already a billing contact",
        "U99NOWHERE": "U99NOWHERE can’t be a billing contact",
        "": "Fill in this field",
    }
    for user_id, words in refused.items():
        form.fill("colleague", user_id)
        await form.submit()
        assert words in form.errors["colleague"], user_id
    world.slack.inject_fault("error_500", "users.info")
    form.fill("colleague", "U10NOBODY")
    await form.submit()
    assert "Slack hasn’t confirmed who that is" in form.errors["colleague"], "R5: at most an hour old"
    assert await load_all_rows(world) == before


async def test_r5_an_invited_person_must_still_be_a_full_member_when_accepting(world: World) -> None:
    """And nobody else learns anything from the button."""
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    key = str((await world.load_row(ContactInvitation)).key)
    before = await load_all_rows(world)
    for name, words in (
        ("guest", NEUTRAL_REFUSAL),
        ("vera", "can’t find that invitation"),
        ("dora", "can’t find"),
    ):
        for action_id in INVITEE_ROUTES:
            await show_button(world.get_person(name), action_id, key, "{}").press(action_id)
            assert words in await get_answer(world, world.get_person(name), 99), name
    for missing in ("99", "x", ""):
        await show_button(nora, ACCEPT, missing, "{}").press(ACCEPT)
        assert "can’t find that invitation" in await get_answer(world, nora, 99)
    world.clock.move(hours=1, seconds=1)
    world.slack.inject_fault("error_500", "users.info")
    await show_button(nora, ACCEPT, key, "{}").press(ACCEPT)
    assert "Slack hasn’t confirmed your identity" in await get_answer(world, nora, 99)
    world.slack.slack.faults.reset()
    world.slack.set_user("U10NOBODY", is_restricted=True)
    await show_button(nora, ACCEPT, key, "{}").press(ACCEPT)
    assert NEUTRAL_REFUSAL in await get_answer(world, nora, 99)
    assert await load_all_rows(world) == before


async def test_someone_who_has_left_gets_no_invitation_and_the_sender_is_notified(world: World) -> None:
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await (await open_contacts(alice)).press(INVITE)
    (await alice.wait_for_modal(INVITE)).fill("colleague", nora.id)
    await alice.submit()
    await world.dependencies.tasks.wait_until_idle()
    world.slack.set_user(nora.id, deleted=True)
    world.clock.move(hours=1, seconds=1)
    await world.settle()
    assert nora.dms == []
    assert "couldn’t deliver Nora Body’s invitation" in find_newest_message(alice.dms, "Nora Body").text
    assert NORA not in str([mail.recipients for mail in world.slack.mail.messages])


async def test_a_contact_is_withdrawn(world: World) -> None:
    """By a colleague; they are told, and so are the others. Withdrawn is withdrawn."""
    alice, benoit, nora = (world.get_person(name) for name in ("alice", "benoit", "nobody"))
    await invite(world, alice)
    await answer_invitation(world, nora, ACCEPT)
    await nora.close_modal(everything=True)
    benoits = await get_contact(world, "benoit@acme.example")
    page = await open_contacts(nora)
    await page.press(WITHDRAW, str(benoits.key))
    await world.settle()
    assert "Benoît Roche" not in (await nora.wait_for_modal(LIST)).text
    assert (
        "vous a retiré des contacts de facturation" in find_newest_message(benoit.dms, "Nora Body vous").text
    )
    assert "Nora Body removed Benoît Roche" in find_newest_message(alice.dms, "Benoît Roche").text
    assert (await list_entries(world))[-1] == ("contact_withdrawn", "Nora Body")
    await benoit.command("/quotes")
    assert "Seuls les contacts de facturation" in await get_answer(world, benoit, 0)

    await show_button(alice, WITHDRAW, str(benoits.key), '{"account": "acme"}').press(WITHDRAW)
    assert "Nora Body already removed Benoît Roche" in await get_answer(world, alice, 99)
    await (await open_contacts(alice)).press(
        WITHDRAW, str((await get_contact(world, "alice@acme.example")).key)
    )
    assert "You’re no longer a billing contact for *Acme SA*" in await get_answer(world, alice, 99)
    await world.settle()
    assert (
        "Alice Martin is no longer a billing contact" in find_newest_message(nora.dms, "Alice Martin is").text
    )
    last = await open_contacts(nora)
    assert WITHDRAW not in last.action_ids
    await show_button(nora, WITHDRAW, str((await get_contact(world, NORA)).key), '{"account": "acme"}').press(
        WITHDRAW
    )
    assert "is the only billing contact" in await get_answer(world, nora, 99)
    assert (await get_contact(world, NORA)).active


async def test_a_former_contact_gets_the_role_back_by_accepting(world: World) -> None:
    """With the orders they placed before."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    before = await get_contact(world, "benoit@acme.example")
    await (await open_contacts(alice)).press(WITHDRAW, str(before.key))
    await world.settle()
    await invite(world, alice, benoit.id)
    await benoit.press_in(find_newest_message(benoit.dms, "vous invite"), ACCEPT)
    await world.settle()
    after = await get_contact(world, "benoit@acme.example")
    assert (after.key, after.active, after.slack_user) == (before.key, True, benoit.id)


async def test_r20_of_two_contacts_removing_each_other_one_stays_and_the_other_sees_why(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    pages = {person: await open_contacts(person) for person in (alice, benoit)}
    others = {alice: "benoit@acme.example", benoit: "alice@acme.example"}
    keys = {person: str((await get_contact(world, email)).key) for person, email in others.items()}
    await asyncio.gather(*(page.press(WITHDRAW, keys[person]) for person, page in pages.items()))
    await world.settle()
    [left] = await world.load_rows(BillingContact, account_id="acme", active=True)
    loser = alice if left.email == others[alice] else benoit
    said = await get_answer(world, loser, 99)
    assert "removed you as a billing contact" in said or "vous a retiré le rôle" in said
    assert left.name in said


async def test_r20_accepting_twice_or_during_the_cancellation_has_a_clear_result(world: World) -> None:
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    other = world.slack.get_person(nora.id, "other")
    await invite(world, alice)
    asked = find_newest_message(nora.dms, "invited you")
    await asyncio.gather(nora.press_in(asked, ACCEPT), other.press_in(asked, ACCEPT))
    await world.settle()
    said = sorted([await get_answer(world, nora, 99), await get_answer(world, other, 99)])
    assert any("You’re now a billing contact" in text for text in said)
    assert any("Nora Body already accepted" in text for text in said)
    assert len(await world.load_rows(BillingContact, email=NORA)) == 1

    vera = world.get_person("vera")
    await invite(world, alice, vera.id)
    asked, page = find_newest_message(vera.dms, "invited you"), await open_contacts(alice)
    await asyncio.gather(vera.press_in(asked, ACCEPT), page.press(CANCEL))
    await world.settle()
    [invitation] = await world.load_rows(ContactInvitation, slack_user=vera.id)
    outcome = {InvitationStatus.ACCEPTED: alice, InvitationStatus.CANCELLED: vera}
    refused = await get_answer(world, outcome[invitation.status], 99)
    assert "already accepted" in refused or "cancelled this invitation" in refused
    is_contact = bool(await world.load_rows(BillingContact, email="vera@acme.example", active=True))
    assert is_contact == (invitation.status is InvitationStatus.ACCEPTED)


async def test_invitations_by_a_contact_end_when_they_lose_the_role(world: World) -> None:
    """R1: nobody joins by the word of somebody who has lost the role, by a colleague or by an import."""
    alice, benoit, nora = (world.get_person(name) for name in ("alice", "benoit", "nobody"))
    await invite(world, alice)
    await (await open_contacts(benoit)).press(
        WITHDRAW, str((await get_contact(world, "alice@acme.example")).key)
    )
    await world.settle()
    assert "Benoît Roche cancelled this invitation" in find_newest_message(nora.dms, "invited you").text
    assert (await world.load_row(ContactInvitation)).status is InvitationStatus.CANCELLED

    await invite(world, benoit)
    await import_account(
        world, "acme", billing_contacts=[{"email": "vera@acme.example", "name": "Vera Lind"}]
    )
    assert "has expired" in await answer_invitation(world, nora, ACCEPT)
    assert await world.load_rows(BillingContact, email=NORA) == []


async def test_r20_a_second_invitation_and_too_many_are_refused(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await invite(world, alice)
    form = await invite(world, benoit)
    assert "Alice Martin a déjà invité Nora Body" in form.errors["colleague"]
    await benoit.close_modal(everything=True)
    alices = await get_contact(world, "alice@acme.example")
    many = [
        ContactInvitation(
            account_id="acme",
            inviter_id=alices.key,
            slack_user=f"U{number}",
            name=f"Colleague {number}",
            email=f"{number}@acme.example",
            invited_by="Alice Martin",
            invited_at=world.clock.at,
            expires_at=world.clock.at + INVITATION_VALIDITY,
        )
        for number in range(1, MAX_OPEN_INVITATIONS)
    ]
    await add(world, *many)
    await (await open_contacts(alice)).press(INVITE)
    (await alice.wait_for_modal(INVITE)).fill("colleague", "U12VERA")
    await alice.submit()
    assert "20 open invitations" in await get_answer(world, alice, 99)
    assert len(await world.load_rows(ContactInvitation)) == MAX_OPEN_INVITATIONS


async def test_a_closed_account_accepts_no_contacts(world: World) -> None:
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    await change(world, Account, "acme", closed_at=world.clock.at - timedelta(days=1))
    await nora.press_in(find_newest_message(nora.dms, "invited you"), ACCEPT)
    assert "Acme SA is closed" in await get_answer(world, nora, 99)
    show_form(alice, INVITE, '{"account": "acme"}', "colleague").fill("colleague", "U12VERA")
    await alice.submit()
    assert "Acme SA is closed" in await get_answer(world, alice, 99)


async def test_a_deleted_invitation_message_does_not_block_other_edits(world: World) -> None:
    """The edit of the question has nothing left to edit."""
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    invitation = await world.load_row(ContactInvitation)
    await change(world, ContactInvitation, invitation.key, message_ts="1.000000")
    await answer_invitation(world, nora, ACCEPT)
    [_, *cards] = await world.load_rows(Notice, destination=f"invited:{invitation.key}")
    assert {card.kind for card in cards} == {NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE}
    assert all(card.delivered_at for card in cards if card.due_at <= world.clock.at)


async def test_r29_a_colleague_of_the_organisation_is_invited_from_any_of_its_workspaces() -> None:
    """Bound by their id in the organisation; not somebody of another workspace of it alone."""
    async with open_world(organisation=True) as world:
        world.slack.set_user("U10NOBODY", enterprise_user_id="W77NORA")
        world.slack.set_user("U12VERA", team_id=SECOND_TEAM_ID, other_teams=[])
        alice = world.get_person("alice").switch_workspace(SECOND_TEAM_ID)
        form = await invite(world, alice, "U12VERA")
        assert "Vera Lind can’t be a billing contact" in form.errors["colleague"]
        await alice.close_modal(everything=True)
        await invite(world, alice)
        nora = world.get_person("nobody")
        assert "You’re now a billing contact" in await answer_invitation(world, nora, ACCEPT)
        assert (await get_contact(world, NORA)).slack_user == "W77NORA"
        await nora.close_modal(everything=True)
        await nora.switch_workspace(SECOND_TEAM_ID).command("/quotes")
        assert "Acme SA" in (await nora.wait_for_modal("quote.list")).text


async def test_invitations_of_a_contact_removed_by_a_file_stay_lapsed(world: World) -> None:
    """Also after a file has made them a contact again: R1, the sender must be a contact the whole time."""
    alice, nora = world.get_person("alice"), world.get_person("nobody")
    await invite(world, alice)
    benoit = {"email": "benoit@acme.example", "name": "Benoît Roche"}
    await import_account(world, "acme", billing_contacts=[benoit])
    [invitation] = await world.load_rows(ContactInvitation)
    assert (invitation.status, invitation.decided_by) == (InvitationStatus.LAPSED, "operator")
    assert ("contact_invitation_lapsed", "operator") in await list_entries(world)
    await import_account(world, "acme")
    await world.settle()
    asked = find_newest_message(nora.dms, "Alice Martin invited you")
    assert list_buttons(asked) == []
    assert [i.status for i in await world.load_rows(ContactInvitation)] == [InvitationStatus.LAPSED]
    await invite(world, alice)
    assert "You’re now a billing contact" in await answer_invitation(world, nora, ACCEPT)
