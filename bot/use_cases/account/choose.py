"""The accounts a person can choose from, for every screen of an account."""

from bot.permissions import SlackIdentity, list_account_roles
from bot.services import Services
from models.account import Account


async def list_accounts(services: Services, *, person: SlackIdentity) -> list[Account]:
    async with services.read() as session:
        return [account for account, _ in await list_account_roles(session, person)]
