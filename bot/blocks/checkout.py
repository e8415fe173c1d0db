"""The third step: admin contact, payment method and billing address (R10, R11)."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from babel import Locale

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, Place, View
from bot.blocks.payment_method import method_input
from bot.i18n import Reader
from models.account import Address
from models.administrator import Administrator
from models.checkout import COUNTRIES, LONGEST_FIELD, NEW_ADMINISTRATOR, CheckoutForm, is_email
from models.details import CheckoutSheet

SAVE = "checkout.save"
BACK = "checkout.back"
EDIT = navigation.EDIT_CHECKOUT

MOST_IN_A_LIST = 100
OPTIONAL_PARTS = ("line2", "state")


def checkout_form(reader: Reader, sheet: CheckoutSheet, place: Place, error: str | None = None) -> View:
    quote, account = sheet.quote.quote, sheet.quote.account
    total = sheet.quote.money(quote.total)
    chosen = sheet.form.payment_method
    blocks = [
        *block_kit.alerts([error] if error else [], "error"),
        block_kit.section(
            reader.mrkdwn("checkout-intro", number=quote.number, total=total, account=account.name)
        ),
        block_kit.header(reader.text("checkout-admin-header")),
        block_kit.section(reader.mrkdwn("checkout-admin-intro")),
        *_administrator_inputs(reader, sheet),
        block_kit.header(reader.text("checkout-method-header")),
        method_input(reader, sheet.methods, chosen, hint=reader.text("checkout-method-hint")),
        block_kit.actions(navigation.manage_methods(reader, account.id)),
        block_kit.header(reader.text("checkout-address-header")),
        *_address_inputs(reader, sheet.form),
        block_kit.actions(navigation.back(reader, BACK, quote.key)),
    ]
    submit = reader.text("checkout-submit")
    return block_kit.modal(SAVE, reader.text("checkout-title"), blocks, reader, place=place, submit=submit)


def _administrator_inputs(reader: Reader, sheet: CheckoutSheet) -> list[Block]:
    form = sheet.form
    email = block_kit.email_input("admin_email", form.admin_email, valid=is_email(form.admin_email))
    name = block_kit.text_input("admin_name", form.admin_name, most=LONGEST_FIELD)
    hint = reader.text("checkout-admin-new-hint")
    return [
        block_kit.input_block(
            "administrator",
            reader.text("checkout-administrator"),
            _administrator_select(reader, sheet.administrators, form.administrator),
        ),
        block_kit.input_block(
            "admin_name", reader.text("checkout-admin-name"), name, hint=hint, optional=True
        ),
        block_kit.input_block(
            "admin_email", reader.text("checkout-admin-email"), email, hint=hint, optional=True
        ),
    ]


def _administrator_select(reader: Reader, administrators: list[Administrator], chosen: str) -> Block:
    new = block_kit.option(reader.text("checkout-admin-new"), NEW_ADMINISTRATOR)
    options = [block_kit.option(a.name, a.key, a.email) for a in administrators]
    if len(options) < MOST_IN_A_LIST:
        return block_kit.select("administrator", [*options, new], chosen)
    groups = {new["text"]["text"]: [new], **_by_initial(options)}
    return block_kit.grouped_select("administrator", dict([*groups.items()][:MOST_IN_A_LIST]), chosen)


def _address_inputs(reader: Reader, form: CheckoutForm) -> list[Block]:
    return [_address_input(reader, part, getattr(form, part)) for part in Address.model_fields]


def _address_input(reader: Reader, part: str, typed: str) -> Block:
    label = reader.text("checkout-" + part.replace("_", "-"))
    if part == "country":
        element = block_kit.grouped_select(part, _countries(reader.locale), typed.upper())
    else:
        element = block_kit.text_input(part, typed, most=LONGEST_FIELD)
    return block_kit.input_block(part, label, element, optional=part in OPTIONAL_PARTS)


@lru_cache(maxsize=32)
def _countries(locale: Locale) -> dict[str, Sequence[Block]]:
    named = [block_kit.option(str(locale.territories.get(code, code)), code) for code in COUNTRIES]
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
