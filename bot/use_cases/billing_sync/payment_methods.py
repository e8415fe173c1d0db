"""The bot's copy of the payment methods that the billing provider has for an account (R3, R23)."""

from dataclasses import asdict

import structlog
from sqlmodel import select

from bot.billing.gateway import PaymentMethodState
from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.use_cases.account_change import record_account_change
from models.payment_method import PaymentMethod

log = structlog.get_logger()


async def store_payment_methods(
    dependencies: Dependencies, account_id: str, states: list[PaymentMethodState] | None
) -> bool:
    """Updates the bot's copy with what was read from the provider, and deactivates what the provider no
    longer has. Returns whether anything changed. A provider that stores no cards changes nothing: the
    imported ones stay."""
    if states is None:
        return False
    async with dependencies.read() as session:
        if _is_up_to_date(await _list_methods(session, account_id), states):
            return False
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        account.revision += 1
        session.add(account)
        await _apply_method_states(session, account_id, states)
        await record_account_change(session, account_id)
    return True


def _is_up_to_date(methods: list[PaymentMethod], states: list[PaymentMethodState]) -> bool:
    active = [method for method in methods if method.active]
    return {_to_state(m) for m in active} == set(states)


def _to_state(method: PaymentMethod) -> PaymentMethodState:
    return PaymentMethodState(
        id=method.id,
        brand=method.brand,
        last4=method.last4,
        expiry_year=method.expiry_year,
        expiry_month=method.expiry_month,
        is_default=method.is_default,
        type=method.type,
        email=method.email,
        bank=method.bank,
        wallet=method.wallet,
        automatic=method.automatic,
    )


async def _apply_method_states(session: Session, account_id: str, states: list[PaymentMethodState]) -> None:
    methods = {method.id: method for method in await _list_methods(session, account_id)}
    for method in methods.values():
        # Flushed before another becomes the default: an account never has two.
        method.is_default = method.active = False
        session.add(method)
    await session.flush()
    for state in states:
        values = {**asdict(state), "active": True}
        if state.id in methods:
            session.add(methods[state.id].sqlmodel_update(values))
        elif await session.get(PaymentMethod, state.id) is None:
            session.add(PaymentMethod(account_id=account_id, **values))
        else:
            log.error("payment_method.account_mismatch", payment_method=state.id, account=account_id)


async def _list_methods(session: Session, account_id: str) -> list[PaymentMethod]:
    found = await session.exec(select(PaymentMethod).where(PaymentMethod.account_id == account_id))
    return list(found.all())
