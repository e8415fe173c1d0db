"""Home and `/billing` ask for a payment method only if something that can be ordered needs one (R3)."""

from dataclasses import dataclass
from typing import Any

from models.account import Account
from models.subscription import Subscription
from sandbox.driver import Person
from tests.handlers.db_snapshot import change
from tests.handlers.homes import get_home_text, open_home
from tests.handlers.service_order.invoices import prepare_invoiced_account
from tests.handlers.steps import import_invoiced_subscription, open_modal
from tests.world import World

NONE_ON_HOME = {
    "en": "You don’t have a valid automatic payment method.",
    "fr": "Vous n’avez aucun mode de paiement automatique valide.",
}
NONE_FOR_CHARGES_ON_HOME = {
    "en": "To order seats that aren’t paid by invoice, you need a valid automatic payment method.",
    "fr": "Pour commander des postes qui ne sont pas payés sur facture, il vous faut un mode de paiement",
}
NONE_IN_BILLING = {
    "en": "none yet. To order seats, you need a credit or debit card",
    "fr": "aucun pour le moment. Pour commander des postes, il vous faut une carte",
}
NONE_FOR_CHARGES_IN_BILLING = {
    "en": "none yet. To order seats that aren’t paid by invoice, you need a credit or debit card",
    "fr": "aucun pour le moment. Pour commander des postes qui ne sont pas payés sur facture, il vous faut",
}
LOCALES = {"en": "en-US", "fr": "fr-FR"}


@dataclass(frozen=True)
class Case:
    """Which of the two subscriptions can be ordered, and what is said; None if nothing is asked for."""

    charged: bool
    invoiced: bool
    home: dict[str, str] | None
    billing: dict[str, str] | None
    self_service: bool = True


CASES = [
    Case(True, True, NONE_FOR_CHARGES_ON_HOME, NONE_FOR_CHARGES_IN_BILLING),
    Case(False, True, None, None),
    Case(True, False, NONE_ON_HOME, NONE_IN_BILLING),
    Case(True, True, None, None, self_service=False),
]


async def test_home_and_billing_ask_for_a_payment_method_only_if_one_helps(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_3600")
    for case in CASES:
        await change(world, Account, "customer", self_service=case.self_service)
        await change(world, Subscription, "customer_assist", self_service=case.charged)
        await change(world, Subscription, "sub_paid_3600", self_service=case.invoiced)
        for language in LOCALES:
            await check_asked(world, carla, case, language)
        cart = await open_cart(world, carla)
        is_orderable = case.self_service and case.invoiced
        assert cart == ("cart.save" if is_orderable else "cart.blocked"), case


async def check_asked(world: World, carla: Person, case: Case, language: str) -> None:
    world.slack.set_user("U06CARLA", locale=LOCALES[language])
    world.clock.move(hours=2)
    await open_home(world, "carla")
    billing = await open_modal(carla, "/billing", "", "account.overview")
    for shown, wanted, possible in (
        (get_home_text(carla), case.home, (NONE_ON_HOME, NONE_FOR_CHARGES_ON_HOME)),
        (billing.text, case.billing, (NONE_IN_BILLING, NONE_FOR_CHARGES_IN_BILLING)),
    ):
        said = [texts for texts in possible if texts[language] in shown]
        assert said == ([wanted] if wanted else []), (case, language, shown)
    attention = {"en": "Nothing needs your attention.", "fr": "Vous n’avez rien à traiter."}
    assert (attention[language] in get_home_text(carla)) is (case.home is None)


async def open_cart(world: World, person: Person) -> str | None:
    await person.close_modal(everything=True)
    await person.command("/add-seats")
    await world.dependencies.tasks.wait_until_idle()
    return person.modal.callback_id if person.modal else None


async def test_a_quote_made_elsewhere_needs_a_payment_method_without_self_service(world: World) -> None:
    """R8: it can still be accepted."""
    lines = [{"subscription": "customer_assist", "seats": 1, "unit_price": "39.50"}]
    quotes: list[dict[str, Any]] = [{"number": "Q-7", "expires": "2026-11-30", "lines": lines}]
    await import_invoiced_subscription(
        world, "customer", "sub_paid_3600", payment_methods=[], quotes=quotes, self_service=False
    )
    await open_home(world, "carla")
    assert NONE_ON_HOME["en"] in get_home_text(world.get_person("carla"))
