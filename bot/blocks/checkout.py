"""The third step: admin contact, payment method and billing address (R10, R11)."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from babel import Locale

from bot.blocks import block_kit, navigation
from bot.blocks.address import format_billing_address
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.payment_method import build_payment_method_input, format_line_methods
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.product import list_product_labels
from bot.presenters.quote import build_invoice_arguments
from bot.presenters.tax import format_tax_notes
from models.account.address_fields import AddressFields
from models.account.administrator import Administrator
from models.checkout import (
    COUNTRY_CODES,
    MAX_FIELD_LENGTH,
    MAX_PO_NUMBER_LENGTH,
    NEW_ADMINISTRATOR_OPTION,
)
from models.details import CheckoutPage
from models.text.email_address import is_email_address

SAVE = "checkout.save"
BACK = "checkout.back"
EDIT = navigation.EDIT_CHECKOUT
CHANGE_ADDRESS = navigation.CHANGE_ADDRESS
# Action ids of inputs that others depend on: Slack sends them as soon as something else is chosen.
CHOOSE_ADMINISTRATOR = "checkout.choose_administrator"
CHOOSE_COUNTRY = "checkout.choose_country"

MAX_SELECT_OPTIONS = 100


def render_checkout_modal(localizer: Localizer, checkout_page: CheckoutPage, metadata: ModalMetadata) -> View:
    # A field keeps its block id and action id, so that Slack keeps what was typed in it when other fields
    # appear or disappear.
    quote, account = checkout_page.quote.quote, checkout_page.quote.account
    total = checkout_page.quote.to_money(quote.total)
    blocks = [
        block_kit.build_section(
            localizer.format_mrkdwn(
                "checkout-intro",
                number=quote.number,
                total=total,
                account=account.name,
                payment=checkout_page.quote.payment_kind,
            )
        ),
        *_build_administrator_inputs(localizer, checkout_page),
        *_build_usual_methods_blocks(localizer, checkout_page),
        *_build_invoice_blocks(localizer, checkout_page),
        *(_build_method_inputs(localizer, checkout_page) if checkout_page.needs_payment_method else []),
        _build_po_number_input(localizer, checkout_page),
        *_build_address_blocks(localizer, checkout_page),
        *_build_tax_blocks(localizer, checkout_page),
        block_kit.build_actions(
            navigation.build_back_button(localizer, BACK, quote.key),
            *(
                [navigation.build_payment_methods_button(localizer, account.id)]
                if checkout_page.needs_payment_method
                else []
            ),
        ),
    ]
    submit = localizer.format_text("checkout-submit")
    return block_kit.build_modal(
        SAVE,
        localizer.format_text("checkout-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )


def _build_method_inputs(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    return [
        build_payment_method_input(
            localizer,
            checkout_page.payment_methods,
            checkout_page.form.payment_method,
            hint=localizer.format_text("checkout-method-hint"),
            has_usual_option=bool(checkout_page.usual_methods),
        )
    ]


def _build_invoice_blocks(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    details = checkout_page.quote
    labels = list_product_labels(details.rows)
    products = [
        label for label, row in zip(labels, details.rows, strict=True) if row.outlook.is_paid_by_invoice
    ]
    if not products:
        return []
    text = localizer.format_mrkdwn(
        "checkout-invoice",
        products=block_kit.format_short_list(localizer, products),
        **build_invoice_arguments(details),
    )
    return [block_kit.build_section(text)]


def _build_usual_methods_blocks(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    if not checkout_page.usual_methods:
        return []
    products = list_product_labels(checkout_page.quote.rows)
    text = format_line_methods(localizer, products, checkout_page.usual_methods)
    return [block_kit.build_section(localizer.format_mrkdwn("checkout-methods-differ", methods=text))]


def _build_po_number_input(localizer: Localizer, checkout_page: CheckoutPage) -> Block:
    element = block_kit.build_text_input(
        "po_number", checkout_page.form.po_number, max_length=MAX_PO_NUMBER_LENGTH
    )
    return block_kit.build_input(
        "po_number",
        localizer.format_text("checkout-po-number"),
        element,
        hint=localizer.format_text("checkout-po-number-hint", payment=checkout_page.quote.payment_kind),
        optional=not checkout_page.quote.account.po_number_required,
    )


def _build_tax_blocks(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    details = checkout_page.quote
    notes = format_tax_notes(localizer, details.taxes, details.quote.tax_facts)
    return [block_kit.build_section("\n".join(map(escape_mrkdwn, notes)))] if notes else []


def _build_administrator_inputs(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    form = checkout_page.form
    select = block_kit.build_input(
        "administrator",
        localizer.format_text("checkout-administrator"),
        _build_administrator_select(localizer, checkout_page.administrators, form.administrator),
        hint=localizer.format_text("checkout-administrator-hint"),
        sends_changes=True,
    )
    if form.administrator != NEW_ADMINISTRATOR_OPTION:
        return [select]
    email = block_kit.build_email_input(
        "admin_email", form.admin_email, is_valid=is_email_address(form.admin_email)
    )
    name = block_kit.build_text_input("admin_name", form.admin_name, max_length=MAX_FIELD_LENGTH)
    return [
        select,
        block_kit.build_input("admin_name", localizer.format_text("checkout-admin-name"), name),
        block_kit.build_input("admin_email", localizer.format_text("checkout-admin-email"), email),
    ]


def _build_administrator_select(
    localizer: Localizer, administrators: list[Administrator], selected: str
) -> Block:
    new = block_kit.build_option(localizer.format_text("checkout-admin-new"), NEW_ADMINISTRATOR_OPTION)
    options = [block_kit.build_option(a.name, a.key, a.email) for a in administrators]
    if len(options) < MAX_SELECT_OPTIONS:
        return block_kit.build_select(CHOOSE_ADMINISTRATOR, [*options, new], selected)
    groups = {new["text"]["text"]: [new], **_build_initial_groups(options)}
    return block_kit.build_grouped_select(
        CHOOSE_ADMINISTRATOR, dict([*groups.items()][:MAX_SELECT_OPTIONS]), selected
    )


def _build_address_blocks(localizer: Localizer, checkout_page: CheckoutPage) -> list[Block]:
    address = checkout_page.known_address
    if address is not None:
        change = navigation.build_change_address_button(localizer, checkout_page.quote.quote.key)
        return [block_kit.build_section(format_billing_address(localizer, address), change)]
    form, fields = checkout_page.form, checkout_page.address_fields
    return [
        block_kit.build_header(localizer.format_text("billing-address")),
        _build_country_input(localizer, form.country),
        *(_build_address_input(localizer, fields, name, getattr(form, name)) for name in fields.names),
    ]


def _build_country_input(localizer: Localizer, value: str) -> Block:
    element = block_kit.build_grouped_select(
        CHOOSE_COUNTRY, _build_country_groups(localizer.locale), value.upper()
    )
    label = localizer.format_text("checkout-country")
    return block_kit.build_input("country", label, element, sends_changes=True)


def _build_address_input(localizer: Localizer, fields: AddressFields, name: str, value: str) -> Block:
    label = localizer.format_text("checkout-" + name.replace("_", "-"), kind=fields.kinds.get(name, ""))
    element = block_kit.build_text_input(name, value, max_length=MAX_FIELD_LENGTH)
    return block_kit.build_input(name, label, element, optional=name not in fields.required)


@lru_cache(maxsize=32)
def _build_country_groups(locale: Locale) -> dict[str, Sequence[Block]]:
    return _build_initial_groups(
        block_kit.build_option(str(locale.territories.get(code, code)), code) for code in COUNTRY_CODES
    )


def _build_initial_groups(options: Iterable[Block]) -> dict[str, Sequence[Block]]:
    """Groups options by first letter, without accents; a letter with too many options gets several groups."""
    groups: dict[str, list[Block]] = {}
    for option in sorted(options, key=lambda o: _remove_accents(o["text"]["text"])):
        letter = _remove_accents(option["text"]["text"])[:1].upper() or "?"
        group, more = letter, 1
        while len(groups.setdefault(group, [])) >= MAX_SELECT_OPTIONS:
            more += 1
            group = f"{letter} ({more})"
        groups[group].append(option)
    return {**groups}


def _remove_accents(text: str) -> str:
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode().casefold() or text.casefold()
