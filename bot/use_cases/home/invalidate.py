"""Scheduling Homes for an update when an account that they show has changed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CompoundSelect, tuple_, union
from sqlmodel import and_, col, delete, or_, select

from bot.db import Session
from bot.dependencies import Dependencies
from models.account import Account
from models.account.billing_contact import BillingContact
from models.home import AccountChange, Home, HomeAccount
from models.receipt_export import ReceiptExport
from models.service_order import ServiceOrder
from models.service_order.order_screen import OrderScreen
from models.slack_user import SlackUser

# At most two updates a second: an order may take several steps in one second.
HOME_UPDATE_INTERVAL = timedelta(seconds=0.5)
CHANGE_BATCH_SIZE = 500


async def has_changed_accounts(dependencies: Dependencies) -> bool:
    async with dependencies.read() as session:
        return (await session.exec(select(AccountChange.id).limit(1))).first() is not None


async def mark_changed_homes(session: Session, at: datetime) -> Sequence[Home]:
    """Marks the Homes of the accounts that have changed since, locked by this transaction. Modals that show
    an order or emails of theirs are marked as well. Those of an invoice need the provider's links, so they
    are marked only if the invoice changes (`invoice/follow.py`)."""
    account_ids = await _pop_changed_accounts(session)
    await _mark_order_screens(session, account_ids, at)
    homes = await _lock_affected_homes(session, account_ids)
    for home in homes:
        home.change_count += 1
        home.due_at = home.due_at or _get_next_publish_time(home, at)
    return homes


async def _mark_order_screens(session: Session, account_ids: Collection[str], at: datetime) -> None:
    screens = await session.exec(
        select(OrderScreen)
        .outerjoin(ServiceOrder, col(ServiceOrder.id) == OrderScreen.order_id)
        .outerjoin(ReceiptExport, col(ReceiptExport.id) == OrderScreen.receipt_export_id)
        .where(
            or_(
                col(ServiceOrder.account_id).in_(account_ids), col(ReceiptExport.account_id).in_(account_ids)
            ),
            col(OrderScreen.invoice_id).is_(None),
        )
        .order_by(OrderScreen.external_id)
        .with_for_update(of=OrderScreen)
    )
    for screen in screens.all():
        screen.change_count += 1
        screen.due_at = screen.due_at or at


def _get_next_publish_time(home: Home, at: datetime) -> datetime:
    return max(at, home.published_at + HOME_UPDATE_INTERVAL) if home.published_at else at


async def _pop_changed_accounts(session: Session) -> set[str]:
    changes = (
        select(AccountChange.id)
        .order_by(col(AccountChange.id))
        .limit(CHANGE_BATCH_SIZE)
        .with_for_update(skip_locked=True)
    )
    statement = delete(AccountChange).where(col(AccountChange.id).in_(changes))
    deleted = await session.exec(statement.returning(col(AccountChange.account_id)))
    return {account_id for (account_id,) in deleted.all()}


async def _lock_affected_homes(session: Session, account_ids: Collection[str]) -> Sequence[Home]:
    """Homes of the accounts' contacts, including former ones, and Homes that show the accounts."""
    by_shown_account = select(HomeAccount.team_id, HomeAccount.user_id).where(
        col(HomeAccount.account_id).in_(account_ids)
    )
    by_user_id = (
        select(Account.slack_team, BillingContact.slack_user)
        .join(BillingContact, col(BillingContact.account_id) == Account.id)
        .where(col(Account.id).in_(account_ids), col(BillingContact.slack_user).is_not(None))
    )
    is_in_workspace = and_(
        col(SlackUser.email) == BillingContact.email, SlackUser.team_id == Account.slack_team
    )
    by_email = (
        select(SlackUser.team_id, SlackUser.user_id)
        .join(BillingContact, col(BillingContact.email) == SlackUser.email)
        .join(Account, and_(col(Account.id) == BillingContact.account_id, is_in_workspace))
        .where(col(Account.id).in_(account_ids))
    )
    # People of an organisation may see the account in its other workspaces (R29).
    by_organisation = (
        select(SlackUser.team_id, SlackUser.user_id)
        .join(
            BillingContact,
            or_(
                col(BillingContact.slack_user) == SlackUser.enterprise_user_id,
                col(BillingContact.email) == SlackUser.email,
            ),
        )
        .where(col(BillingContact.account_id).in_(account_ids), col(SlackUser.enterprise_id).is_not(None))
    )
    contact_homes: CompoundSelect[tuple[str, str]] = union(
        by_shown_account, by_user_id, by_email, by_organisation
    )
    homes = await session.exec(
        select(Home)
        .where(tuple_(col(Home.team_id), col(Home.user_id)).in_(contact_homes))
        # Always in the same order, so that workers that lock the same Homes cannot deadlock.
        .order_by(Home.team_id, Home.user_id)
        .with_for_update()
    )
    return homes.all()
