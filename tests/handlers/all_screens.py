"""Every command, button and form there is, tried by somebody; and what no outsider may read in an answer."""

import json

from handlers.route import Route
from handlers.routes import ROUTES
from models.quote import Quote
from models.service_order import ServiceOrder
from sandbox.driver import Person
from tests.handlers.db_snapshot import get_answer, show_button, show_form
from tests.world import World

COMMANDS = [route for route in ROUTES if route.kind == "command"]
# The Home’s own are answered there, and pressed in a test of their own.
HOME_BUTTONS = [route for route in ROUTES if route.kind == "change" and route.id.startswith("home.")]
# Account Services alone may use them, and they name no account: tests/handlers/quote/test_extensions.py.
ACCOUNT_SERVICES_ROUTES = ("quote_extension.approve", "quote_extension.decline")
# Only who was invited may use them: tests/handlers/access/test_contacts.py.
INVITEE_ROUTES = ("billing_contact.accept", "billing_contact.decline")
NON_CONTACT_ROUTES = (*ACCOUNT_SERVICES_ROUTES, *INVITEE_ROUTES)
CONTACT_ROUTES = [
    route for route in ROUTES if route not in HOME_BUTTONS and route.id not in NON_CONTACT_ROUTES
]
BUTTONS = [route for route in CONTACT_ROUTES if route.kind in ("show", "change")]
FORMS = [route for route in CONTACT_ROUTES if route.kind == "submit"]
NEUTRAL_REFUSAL = (
    "This isn’t available to you. If you need seats or billing information, ask a full member of this"
    " workspace."
)
NEUTRAL_REFUSAL_IN_FRENCH = (
    "Vous n’y avez pas accès. Si vous avez besoin de postes ou d’informations de facturation, adressez-vous à"
    " un membre à part entière de cet espace de travail."
)
NOT_A_CONTACT = (
    "Only an account’s billing contacts can add seats or view its quotes, service orders and receipts."
)
ASK_SERVICES = "Ask Account Services who they are."
# What nobody but Acme's contacts may read in an answer.
ACME_SECRETS = (
    "Acme SA",
    "acme_",
    "Hugo",
    "Inès",
    "4242",
    "rue de la Paix",
    "€",
    "SQ-",
    "SO-",
    "GoTo Webinar",
)
# Of the one receipt there is.
RECEIPT_ID = "1"
# Benoît's: withdrawing him leaves Alice, who can go on.
CONTACT_ID = "2"
NAMES = ("Alice Martin", "Benoît Roche")


async def create_order_and_quote(world: World) -> str:
    """Something to look at and to change. Returns the ids, as a form carries them."""
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    await alice.close_modal(everything=True)
    await world.save_cart(alice, acme_webinar=1)
    await alice.close_modal(everything=True)
    quote = await world.load_row(Quote, status="pending")
    order = await world.load_row(ServiceOrder)
    place = {"account": "acme", "quote": quote.key, "order": order.key, "named": [quote.key]}
    return json.dumps(place)


def get_button_value(route: Route, metadata: str) -> str:
    """What a button of that id carries."""
    feature, _, verb = route.id.partition(".")
    place = json.loads(metadata)
    if route.id in ("billing_contact.withdraw", "billing_contact.cancel"):
        return CONTACT_ID
    if verb == "list" or feature not in ("quote", "quote_extension", "service_order", "receipt"):
        return str(place["account"])
    if feature == "receipt":
        return RECEIPT_ID
    return str(place["order" if feature == "service_order" else "quote"])


async def press_everything(
    world: World, person: Person, metadata: str, *, leave_out: tuple[str, ...] = ()
) -> dict[str, str]:
    """Every button and every form there is, on the person's own screen: what each answered."""
    answers = {}
    for route in [r for r in BUTTONS if r.id not in leave_out]:
        modal = show_button(person, route.id, get_button_value(route, metadata), metadata)
        await modal.press(route.id)
        answers[route.id] = await get_answer(world, person, len(person.ephemerals))
    for route in [r for r in FORMS if r.id not in leave_out]:
        fields = ("seats:acme_webinar", "reason", "payment_method")
        modal = show_form(person, route.id, metadata, *fields)
        modal.fill("seats:acme_webinar", "3").fill("payment_method", "pm_acme")
        await modal.submit()
        answers[f"{route.id} submitted"] = await get_answer(world, person, len(person.ephemerals))
    return answers


async def type_every_command(world: World, person: Person, channel: str) -> dict[str, str]:
    person.client.stack.clear()
    answers = {}
    for route in COMMANDS:
        for words in ("", "SO-1001", "webinar 5"):
            before = len(person.ephemerals)
            await person.command(route.id, words, channel=channel)
            await world.dependencies.tasks.wait_until_idle()
            assert person.modal is None, f"{route.id} {words} opened {person.modal}"
            [said] = person.ephemerals[before:]
            answers[f"{route.id} {words}"] = said.words
    return answers


def is_free_of_acme(text: str, *, names: bool = False) -> bool:
    return not any(word in text for word in (*ACME_SECRETS, *(() if names else NAMES)))
