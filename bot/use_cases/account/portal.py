"""Opening the portal for payment methods, and how that changes the default portal (R15)."""

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor, get_authorized_role, lock_account_role
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.notice.enqueue import enqueue_notice, list_active_contacts, list_direct_destinations
from models.account import Account, Portal
from models.audit.action import AuditAction
from models.notice import NoticeKind
from models.notice.payloads import PortalChangedPayload


async def open_portal(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> tuple[Account, str | None]:
    """Returns the account, and the link if its default portal is GoTo Admin; otherwise the warning has to be
    shown first. The link changes payment methods, so it requires a fresh identity (R5)."""
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(
            session, person, account_id, dependencies.now(), for_change=True
        )
    if account.default_portal is Portal.CORPORATE:
        return account, None
    return account, await dependencies.billing.create_portal_link(account_id)


async def switch_portal(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> tuple[Account, str]:
    """Makes GoTo Admin the default portal permanently, and notifies the other contacts. Returns the link."""
    at = dependencies.now()
    async with dependencies.write() as session:
        account, contact = await lock_account_role(session, person, account_id, at)
        if account.default_portal is Portal.CORPORATE:
            account.default_portal = Portal.ADMIN
            session.add(account)
            await write_audit_entry(
                session,
                account_id=account.id,
                actor=build_actor(contact, person),
                subject=account.audit_subject,
                action=AuditAction.PORTAL_SWITCHED,
                at=at,
                status_change=(Portal.CORPORATE.value, Portal.ADMIN.value),
            )
            others = [c for c in await list_active_contacts(session, account.id) if c.id != contact.id]
            await enqueue_notice(
                session,
                NoticeKind.PORTAL_CHANGED,
                f"account:{account.id}:portal",
                list_direct_destinations(others),
                account=account,
                at=at,
                payload=PortalChangedPayload(by=contact.name),
            )
    return account, await dependencies.billing.create_portal_link(account_id)
