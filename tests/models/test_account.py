from datetime import UTC, date, datetime

import pytest

from models.account import AccountNotSelfServed, Address
from tests.models.examples import ADDRESS, make_account

AT = datetime(2026, 11, 10, 9, tzinfo=UTC)


def test_r10_an_orders_address_becomes_the_accounts_whole() -> None:
    account = make_account(line2="3e étage", state="IdF")
    moved = Address(line1="Unter den Linden 1", postal_code="10117", city="Berlin", country="DE")
    account.set_billing_address(account.billing_address, AT)
    assert account.billing_address_changed_at is None
    account.set_billing_address(moved, AT)
    assert account.billing_address == moved
    assert account.billing_address_changed_at == AT
    assert account.home_country == "FR"


def test_the_billing_address_is_the_imported_one() -> None:
    assert make_account().billing_address == Address(**ADDRESS)


@pytest.mark.parametrize(
    ("at", "today"),
    [
        (datetime(2026, 11, 15, 22, 59, 59, tzinfo=UTC), date(2026, 11, 15)),
        (datetime(2026, 11, 15, 23, 0, tzinfo=UTC), date(2026, 11, 16)),
    ],
)
def test_r22_today_is_the_accounts(at: datetime, today: date) -> None:
    assert make_account().get_local_date(at) == today


def test_r4_an_account_that_is_not_self_served_says_why() -> None:
    make_account().check_self_service()
    with pytest.raises(AccountNotSelfServed) as refused:
        make_account(self_service=False, self_service_reason="Under contract.").check_self_service()
    assert refused.value.variables == {"account": "Acme SA", "reason": "Under contract."}
