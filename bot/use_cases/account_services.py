"""Who may decide as Account Services: the full members of the workspace who are in their channel."""

import asyncio

from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable
from bot.permissions import SlackIdentity, is_outsider, load_principal
from models.account.billing_contact import IdentityNotFresh, NotAllowed
from models.audit.entry import Actor
from models.slack_user import SlackUser

MEMBERS_TIMEOUT_SECONDS = 1.5


async def authorize_services_member(dependencies: Dependencies, person: SlackIdentity) -> Actor:
    """Asks Slack who is in the channel, on every click. Raises IdentityNotFresh and NotAllowed (R5)."""
    channel, team = (
        dependencies.settings.account_services_channel,
        dependencies.settings.account_services_team,
    )
    user = await _get_full_member(dependencies, person)
    if channel is None or (team is not None and team not in user.own_team_ids):
        raise NotAllowed
    if not user.is_fresh(dependencies.now()):
        raise IdentityNotFresh
    try:
        async with asyncio.timeout(MEMBERS_TIMEOUT_SECONDS):
            members = await dependencies.directory.list_channel_members(team or person.team_id, channel)
    except (DirectoryUnavailable, TimeoutError) as error:
        raise IdentityNotFresh from error
    if members.isdisjoint({user.user_id, user.enterprise_user_id}):
        raise NotAllowed
    return Actor("services", user.name, person.source, *user.identity_key, user.email or "")


async def _get_full_member(dependencies: Dependencies, person: SlackIdentity) -> SlackUser:
    principal = person.principal
    if principal is None:
        async with dependencies.read() as session:
            principal = await load_principal(session, person)
    if principal is None:
        raise IdentityNotFresh
    if is_outsider(person, principal.user) or not principal.user.is_full_member:
        raise NotAllowed
    return principal.user
