"""What the notices of billing contacts and their invitations say."""

from bot.notices.render import NoticeRenderer, NoticeText
from models.notice.payloads import ContactsChangedPayload, ContactWithdrawnPayload


def render_contact_invited(renderer: NoticeRenderer) -> NoticeText:
    details = renderer.invitation
    invitation = details.invitation
    title = renderer.format_text(
        "notice-contact-invited", by=invitation.invited_by, account=renderer.notice.account.name
    )
    if details.is_open:
        explanation = renderer.format_text("notice-contact-invited-details")
        until = renderer.format_text("notice-contact-invited-until", until=invitation.expires_at)
        return NoticeText(title, (explanation, until))
    answer = renderer.format_text(
        "notice-contact-invitation-answer",
        status=details.status.value,
        by=invitation.decided_by or "",
        at=invitation.decided_at or invitation.expires_at,
    )
    return NoticeText(title, (answer,))


def render_contacts_changed(renderer: NoticeRenderer) -> NoticeText:
    payload = renderer.get_payload(ContactsChangedPayload)
    title = renderer.format_text(
        "notice-contacts-changed",
        change=payload.change,
        name=payload.name,
        by=payload.by,
        account=renderer.notice.account.name,
    )
    return NoticeText(title, (renderer.format_text("notice-contacts-changed-details"),))


def render_contact_withdrawn(renderer: NoticeRenderer) -> NoticeText:
    title = renderer.format_text(
        "notice-contact-withdrawn",
        by=renderer.get_payload(ContactWithdrawnPayload).by,
        account=renderer.notice.account.name,
    )
    return NoticeText(title, (renderer.format_text("notice-contact-withdrawn-details"),))
