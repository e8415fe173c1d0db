"""The accounts a person can choose from, for every screen of an account."""

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, list_account_roles
from models.account import Account


async def list_accounts(dependencies: Dependencies, *, person: SlackIdentity) -> list[Account]:
    async with dependencies.read() as session:
        return [account for account, _ in await list_account_roles(session, person)]
