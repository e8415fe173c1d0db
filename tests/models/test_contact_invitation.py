"""What may become of an invitation, and when it has lapsed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.account.contact_invitation import (
    INVITATION_TRANSITIONS,
    INVITATION_VALIDITY,
    InvitationClosed,
    InvitationStatus,
)
from models.errors import ForbiddenTransition
from tests.blocks.samples import AT, make_closed_invitation, make_invitation
from tests.models.states import INVITATION_TRANSITIONS as ALLOWED
from tests.models.states import list_forbidden


def test_an_invitation_is_answered_once() -> None:
    assert {(a, b) for a, following in INVITATION_TRANSITIONS.items() for b in following} == ALLOWED
    for current, to in list_forbidden(InvitationStatus, ALLOWED):
        details = (
            make_closed_invitation(current) if current is not InvitationStatus.PENDING else make_invitation()
        )
        with pytest.raises(ForbiddenTransition):
            details.invitation.change_status(to, AT, "Alice")


def test_an_invitation_lapses_with_its_validity_or_with_its_sender_s_role() -> None:
    details = make_invitation()
    assert replace(details, at=AT + INVITATION_VALIDITY - timedelta(seconds=1)).is_open
    for lapsed in (replace(details, at=AT + INVITATION_VALIDITY), replace(details, is_inviter_active=False)):
        assert lapsed.status is InvitationStatus.LAPSED
        with pytest.raises(InvitationClosed):
            lapsed.check_open()


def test_an_answer_stays_whatever_happens_to_the_sender() -> None:
    accepted = replace(make_closed_invitation(InvitationStatus.ACCEPTED), is_inviter_active=False)
    assert accepted.status is InvitationStatus.ACCEPTED
