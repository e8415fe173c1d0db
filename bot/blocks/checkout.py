"""The third step: admin contact, payment method and billing address (R10, R11)."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from babel import Locale

from bot.blocks import kit, ways
from bot.blocks.kit import Block, Place, View
from bot.blocks.payment_method import method_input
from bot.i18n import Reader
from models.account import Address
from models.administrator import Administrator
from models.checkout import COUNTRIES, LONGEST_FIELD, NEW_ADMINISTRATOR, CheckoutForm, is_email
from models.sheet import CheckoutSheet

SAVE = "checkout.save"
BACK = "checkout.back"
EDIT = ways.EDIT_CHECKOUT

MOST_IN_A_LIST = 100
OPTIONAL_PARTS = ("line2", "state")


def checkout_form(reader: Reader, sheet: CheckoutSheet, place: Place, error: str | None = None) -> View:
    quote, account = sheet.quote.quote, sheet.quote.account
    total = sheet.quote.money(quote.total)
    chosen = sheet.form.payment_method
    blocks = [
        *kit.alerts([error] if error else [], "error"),
        kit.section(reader.mrkdwn("checkout-intro", number=quote.number, total=total, account=account.name)),
        kit.header(reader.text("checkout-admin-header")),
        kit.section(reader.mrkdwn("checkout-admin-intro")),
        *_administrator_inputs(reader, sheet),
        kit.header(reader.text("checkout-method-header")),
        method_input(reader, sheet.methods, chosen, hint=reader.text("checkout-method-hint")),
        kit.actions(ways.manage_methods(reader, account.id)),
        kit.header(reader.text("billing-address")),
        *_address_inputs(reader, sheet.form),
        kit.actions(ways.back(reader, BACK, quote.key)),
    ]
    submit = reader.text("checkout-submit")
    return kit.modal(SAVE, reader.text("checkout-title"), blocks, reader, place=place, submit=submit)


def _administrator_inputs(reader: Reader, sheet: CheckoutSheet) -> list[Block]:
    form = sheet.form
    email = kit.email_input("admin_email", form.admin_email, valid=is_email(form.admin_email))
    name = kit.text_input("admin_name", form.admin_name, most=LONGEST_FIELD)
    hint = reader.text("checkout-admin-new-hint")
    return [
        kit.input_block(
            "administrator",
            reader.text("checkout-administrator"),
            _administrator_select(reader, sheet.administrators, form.administrator),
        ),
        kit.input_block("admin_name", reader.text("checkout-admin-name"), name, hint=hint, optional=True),
        kit.input_block("admin_email", reader.text("checkout-admin-email"), email, hint=hint, optional=True),
    ]


def _administrator_select(reader: Reader, administrators: list[Administrator], chosen: str) -> Block:
    new = kit.option(reader.text("checkout-admin-new"), NEW_ADMINISTRATOR)
    options = [kit.option(a.name, a.key, a.email) for a in administrators]
    if len(options) < MOST_IN_A_LIST:
        return kit.select("administrator", [*options, new], chosen)
    groups = {new["text"]["text"]: [new], **_by_initial(options)}
    return kit.grouped_select("administrator", dict([*groups.items()][:MOST_IN_A_LIST]), chosen)


def _address_inputs(reader: Reader, form: CheckoutForm) -> list[Block]:
    return [_address_input(reader, part, getattr(form, part)) for part in Address.model_fields]


def _address_input(reader: Reader, part: str, typed: str) -> Block:
    label = reader.text("checkout-" + part.replace("_", "-"))
    if part == "country":
        element = kit.grouped_select(part, _countries(reader.locale), typed.upper())
    else:
        element = kit.text_input(part, typed, most=LONGEST_FIELD)
    return kit.input_block(part, label, element, optional=part in OPTIONAL_PARTS)


@lru_cache(maxsize=32)
def _countries(locale: Locale) -> dict[str, Sequence[Block]]:
    named = [kit.option(str(locale.territories.get(code, code)), code) for code in COUNTRIES]
    return _by_initial(named)


def _by_initial(options: Iterable[Block]) -> dict[str, Sequence[Block]]:
    """The options by the first letter of their text, accents aside; a letter with too many goes on in
    another group."""
    groups: dict[str, list[Block]] = {}
    for option in sorted(options, key=lambda o: _without_accents(o["text"]["text"])):
        letter = _without_accents(option["text"]["text"])[:1].upper() or "?"
        group, more = letter, 1
        while len(groups.setdefault(group, [])) >= MOST_IN_A_LIST:
            more += 1
            group = f"{letter} ({more})"
        groups[group].append(option)
    return {**groups}


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode().casefold() or text.casefold()
