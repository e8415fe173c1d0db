"""An account's billing contacts: inviting and withdrawing them (R1)."""

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.i18n import Localizer, truncate_text
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import INVITATION_VALIDITY, InvitationDetails
from models.details import ContactsPage

LIST = navigation.LIST_CONTACTS
INVITE = navigation.INVITE_CONTACT
WITHDRAW = "billing_contact.withdraw"
CANCEL = "billing_contact.cancel"
ACCEPT = navigation.ACCEPT_INVITATION
DECLINE = navigation.DECLINE_INVITATION
SHOW_RESULT = "billing_contact.show"
COLLEAGUE_INPUT = "colleague"

MAX_ROWS = 40
# The maximum in a confirmation's question.
MAX_NAME = 60


def render_contacts_modal(localizer: Localizer, page: ContactsPage, metadata: ModalMetadata) -> View:
    account_id = page.account.id
    blocks = [
        block_kit.build_section(localizer.format_mrkdwn("contacts-intro", account=page.account.name)),
        block_kit.build_actions(
            navigation.build_invite_contact_button(localizer, account_id),
        ),
        *(_build_contact_row(localizer, page, contact) for contact in page.contacts[:MAX_ROWS]),
        *_build_more(localizer, len(page.contacts) - MAX_ROWS),
        *_build_invitations(localizer, page.invitations),
        block_kit.build_actions(navigation.build_back_button(localizer, navigation.SHOW_ACCOUNT, account_id)),
    ]
    return block_kit.build_modal(
        LIST, localizer.format_text("contacts-title"), blocks, localizer, metadata=metadata
    )


def render_invite_modal(localizer: Localizer, account: Account, metadata: ModalMetadata) -> View:
    intro = localizer.format_mrkdwn(
        "contacts-invite-intro", account=account.name, days=INVITATION_VALIDITY.days
    )
    blocks = [
        block_kit.build_section(intro),
        block_kit.build_input(
            COLLEAGUE_INPUT,
            localizer.format_text("contacts-invite-colleague"),
            block_kit.build_user_select(COLLEAGUE_INPUT),
            hint=localizer.format_text("contacts-invite-hint"),
        ),
        block_kit.build_actions(navigation.build_back_button(localizer, LIST, account.id)),
    ]
    return block_kit.build_modal(
        INVITE,
        localizer.format_text("action-invite-contact"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=localizer.format_text("contacts-invite-submit"),
    )


def render_result_modal(localizer: Localizer, account: Account, result: str) -> View:
    """`result` is what the person did about their own role: `accepted`, `declined` or `left`."""
    text = localizer.format_mrkdwn("contacts-result", account=account.name, result=result)
    return block_kit.build_modal(
        SHOW_RESULT, localizer.format_text("contacts-title"), [block_kit.build_section(text)], localizer
    )


def _build_contact_row(localizer: Localizer, page: ContactsPage, contact: BillingContact) -> Block:
    own = "yes" if contact.id == page.own_contact_id else "no"
    text = localizer.format_mrkdwn("contacts-row", name=contact.name, email=contact.email, own=own)
    if len(page.contacts) == 1:
        return block_kit.build_section(text)
    confirm = block_kit.build_confirm_dialog(
        localizer.format_text("contacts-withdraw-ask", name=truncate_text(contact.name, MAX_NAME), own=own),
        localizer.format_text("contacts-withdraw-consequence", own=own),
        localizer.format_text("action-withdraw-contact"),
        localizer.format_text("go-back"),
    )
    button = block_kit.build_button(
        WITHDRAW,
        localizer.format_text("action-withdraw-contact"),
        contact.key,
        accessibility_label=localizer.format_text("action-withdraw-contact-label", name=contact.name),
        confirm=confirm,
    )
    return block_kit.build_section(text, button)


def _build_invitations(localizer: Localizer, invitations: list[InvitationDetails]) -> list[Block]:
    if not invitations:
        return []
    return [
        block_kit.build_divider(),
        block_kit.build_section(localizer.format_mrkdwn("contacts-invitations")),
        *(_build_invitation_row(localizer, details) for details in invitations[:MAX_ROWS]),
    ]


def _build_invitation_row(localizer: Localizer, details: InvitationDetails) -> Block:
    invitation = details.invitation
    text = localizer.format_mrkdwn(
        "contacts-invitation",
        name=invitation.name,
        email=invitation.email,
        by=invitation.invited_by,
        on=localizer.get_local_date(invitation.invited_at),
        until=invitation.expires_at,
    )
    button = block_kit.build_button(
        CANCEL,
        localizer.format_text("action-cancel-invitation"),
        invitation.key,
        accessibility_label=localizer.format_text("action-cancel-invitation-label", name=invitation.name),
    )
    return block_kit.build_section(text, button)


def _build_more(localizer: Localizer, count: int) -> list[Block]:
    return [block_kit.build_context(localizer.format_mrkdwn("and-more", count=count))] if count > 0 else []
