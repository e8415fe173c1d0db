"""Scheduling Homes for an update when an account that they show has changed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import and_, col, delete, select

from bot.db import Session
from bot.services import Services
from models.account import Account
from models.billing_contact import BillingContact
from models.home import AccountChange, Home, HomeAccount
from models.slack_user import SlackUser

# At most two updates a second: an order may take several steps in one second.
HOME_UPDATE_INTERVAL = timedelta(seconds=0.5)
CHANGE_BATCH_SIZE = 500


async def has_changed_accounts(services: Services) -> bool:
    async with services.read() as session:
        return (await session.exec(select(AccountChange.id).limit(1))).first() is not None


async def mark_changed_homes(services: Services) -> None:
    if not await has_changed_accounts(services):
        return
    at = services.now()
    async with services.write() as session:
        for home in await _lock_affected_homes(session, await _pop_changes(session)):
            home.change_count += 1
            home.due_at = home.due_at or _get_next_publish_time(home, at)
            session.add(home)


def _get_next_publish_time(home: Home, at: datetime) -> datetime:
    return max(at, home.published_at + HOME_UPDATE_INTERVAL) if home.published_at else at


async def _pop_changes(session: Session) -> set[str]:
    result = await session.exec(
        select(AccountChange)
        .order_by(col(AccountChange.id))
        .limit(CHANGE_BATCH_SIZE)
        .with_for_update(skip_locked=True)
    )
    changes = result.all()
    await session.exec(delete(AccountChange).where(col(AccountChange.id).in_([c.id for c in changes])))
    return {change.account_id for change in changes}


async def _lock_affected_homes(session: Session, account_ids: Iterable[str]) -> list[Home]:
    """Homes of the accounts' contacts, including former ones, and Homes that show the accounts."""
    ids = list(account_ids)
    by_shown_account = select(HomeAccount.team_id, HomeAccount.user_id).where(
        col(HomeAccount.account_id).in_(ids)
    )
    by_user_id = (
        select(Account.slack_team, BillingContact.slack_user)
        .join(BillingContact, col(BillingContact.account_id) == Account.id)
        .where(col(Account.id).in_(ids), col(BillingContact.slack_user).is_not(None))
    )
    is_in_workspace = and_(
        col(SlackUser.email) == BillingContact.email, SlackUser.team_id == Account.slack_team
    )
    by_email = (
        select(SlackUser.team_id, SlackUser.user_id)
        .join(BillingContact, col(BillingContact.email) == SlackUser.email)
        .join(Account, and_(col(Account.id) == BillingContact.account_id, is_in_workspace))
        .where(col(Account.id).in_(ids))
    )
    keys = {
        tuple(key)
        for query in (by_shown_account, by_user_id, by_email)
        for key in (await session.exec(query)).all()
    }
    # Always in the same order, so that workers that lock the same Homes cannot deadlock.
    homes = [await session.get(Home, key, with_for_update=True) for key in sorted(keys)]
    return [home for home in homes if home]
