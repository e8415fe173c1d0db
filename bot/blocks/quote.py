"""Quotes: the pending ones, the review of one, and rejecting it (R8, R10, R17)."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation, order_line
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.subscription import format_seats
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.product import make_product_labels
from bot.presenters.quote import (
    build_renewal_arguments,
    build_validity_arguments,
    format_line_period,
    get_decision_outcome,
    list_renewal_note_keys,
)
from bot.presenters.receipt import list_due_amounts, list_promised_amounts
from bot.presenters.seat_price import format_seat_price
from bot.presenters.subscription import format_outlook
from bot.presenters.tax import format_tax_notes, list_tax_amounts
from models.account import Account
from models.account.billing_contact import BillingContact
from models.details import QuoteDetails, QuoteLineDetails
from models.quote import MAX_REASON_LENGTH, Quote, QuoteStatus

OPEN = navigation.OPEN_QUOTE
APPROVE = navigation.APPROVE_QUOTE
REJECT = navigation.REJECT_QUOTE
SEND = navigation.SEND_QUOTE
REVIEW = "quote.review"
SENT_VIEW = "quote.sent"
LIST = navigation.LIST_QUOTES

MAX_PENDING_QUOTES = 40
MAX_PARAGRAPHS = 60
MAX_NUMBERS_PER_PARAGRAPH = 100

# Where Back leads from the review.
BACK_ACTIONS_BY_ORIGIN = {
    "cart": navigation.EDIT_CART,
    "pending": navigation.SHOW_WARNING,
    "quotes": navigation.LIST_QUOTES,
}


def render_quote_list_modal(
    localizer: Localizer, account: Account, quotes: list[QuoteDetails], metadata: ModalMetadata
) -> View:
    if quotes:
        blocks = [
            block_kit.build_section(
                localizer.format_mrkdwn("quote-list-intro", account=account.name, count=len(quotes))
            ),
            *build_pending_quote_blocks(localizer, quotes),
        ]
    else:
        blocks = [block_kit.build_section(localizer.format_mrkdwn("quote-list-empty", account=account.name))]
    blocks += [
        block_kit.build_divider(),
        block_kit.build_actions(
            navigation.build_add_seats_button(localizer, account.id),
            navigation.build_orders_button(localizer, account.id),
        ),
    ]
    return block_kit.build_modal(
        LIST, localizer.format_text("pending-quotes"), blocks, localizer, metadata=metadata
    )


def build_pending_quote_blocks(localizer: Localizer, quotes: Sequence[QuoteDetails]) -> list[Block]:
    """Shows each quote with its buttons; beyond the limit only the numbers, so that all are named (R7)."""
    shown, others = quotes[:MAX_PENDING_QUOTES], quotes[MAX_PENDING_QUOTES:]
    blocks = [block for details in shown for block in _build_pending_quote(localizer, details)]
    numbers = [details.quote.number for details in others]
    if numbers:
        blocks.append(block_kit.build_section(localizer.format_mrkdwn("quote-list-more", count=len(numbers))))
    for start in range(0, len(numbers), MAX_NUMBERS_PER_PARAGRAPH):
        part = numbers[start : start + MAX_NUMBERS_PER_PARAGRAPH]
        blocks.append(block_kit.build_section(localizer.format_mrkdwn("quote-list-numbers", numbers=part)))
    return blocks


def _build_pending_quote(localizer: Localizer, details: QuoteDetails) -> list[Block]:
    return [
        block_kit.build_section(format_quote_summary(localizer, details)),
        block_kit.build_actions(*build_decision_buttons(localizer, details.quote)),
    ]


def build_decision_buttons(localizer: Localizer, quote: Quote) -> list[Block]:
    return [
        navigation.build_open_quote_button(localizer, quote.key, quote.number),
        navigation.build_approve_button(localizer, quote.key, quote.number),
        navigation.build_reject_button(localizer, quote.key, quote.number),
        navigation.build_send_quote_button(localizer, quote.key, quote.number),
    ]


def format_quote_summary(localizer: Localizer, details: QuoteDetails) -> str:
    return localizer.format_mrkdwn(
        "quote-summary",
        number=details.quote.number,
        total=details.to_money(details.quote.total),
        seats=format_seats(localizer, [(row.line.seats, row.product) for row in details.rows]),
        **build_validity_arguments(details.account, details.quote.expires_at),
    )


def render_quote_modal(localizer: Localizer, details: QuoteDetails, metadata: ModalMetadata) -> View:
    blocks = [
        block_kit.build_header(localizer.format_text("quote-number", number=details.quote.number)),
        block_kit.build_section(format_quote_status(localizer, details)),
        *build_quote_detail_blocks(localizer, details),
        *_build_quote_actions(localizer, details, metadata),
    ]
    submit = localizer.format_text("quote-submit") if details.is_pending else None
    return block_kit.build_modal(
        REVIEW,
        localizer.format_text("quote"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )


def format_quote_status(localizer: Localizer, details: QuoteDetails) -> str:
    origin = "elsewhere" if details.quote.created_externally else "cart"
    origin_text = localizer.format_mrkdwn(
        "quote-origin",
        account=details.account.name,
        origin=origin,
        by=details.created_by or localizer.format_text("someone"),
        on=localizer.get_local_date(details.quote.created_at),
    )
    return "\n".join(
        [origin_text, _format_quote_outcome(localizer, details), *_format_extension(localizer, details)]
    )


def _format_extension(localizer: Localizer, details: QuoteDetails) -> list[str]:
    extension = details.extension
    if extension is None or not details.is_pending:
        return []
    return [
        localizer.format_mrkdwn(
            "quote-extension-requested",
            by=extension.requested_by,
            at=extension.requested_at,
            until=extension.requested_until,
        )
    ]


def _format_quote_outcome(localizer: Localizer, details: QuoteDetails) -> str:
    quote = details.quote
    status = quote.get_status(details.at)
    if status is QuoteStatus.PENDING:
        validity = build_validity_arguments(details.account, quote.expires_at)
        return localizer.format_mrkdwn("quote-pending", **validity)
    return localizer.format_mrkdwn(
        "quote-decided",
        outcome=get_decision_outcome(
            status.value,
            decided_externally=quote.decided_externally,
            replaced=bool(details.replacement_number),
        ),
        by=quote.decided_by or localizer.format_text("someone"),
        at=quote.decided_at or quote.expires_at,
        replaced_by=details.replacement_number or "",
        has_reason="yes" if quote.reason else "no",
        reason=quote.reason or "",
        has_order="yes" if details.order else "no",
        order=details.order.number if details.order else "",
    )


def build_quote_detail_blocks(localizer: Localizer, details: QuoteDetails) -> list[Block]:
    return [
        block_kit.build_divider(),
        *block_kit.build_row_paragraphs(format_quote_lines(localizer, details), localizer, MAX_PARAGRAPHS),
        *build_total_blocks(localizer, details),
        *_build_renewal_blocks(localizer, details),
    ]


def _build_renewal_blocks(localizer: Localizer, details: QuoteDetails) -> list[Block]:
    # A promise of the quote only as long as it can be accepted.
    if not details.is_pending:
        return []
    return [block_kit.build_section(format_recurring_costs(localizer, details))]


def format_quote_lines(localizer: Localizer, details: QuoteDetails) -> list[tuple[str, str]]:
    names = make_product_labels((row.line.subscription_id, row.product) for row in details.rows)
    return [
        (
            _format_quote_line(localizer, details, row, names[row.line.subscription_id]),
            # The tax of the only line is in the row of the tax.
            order_line.format_amounts(
                localizer,
                details.to_money(row.line.amount),
                details.to_money(row.line.tax if len(details.rows) > 1 else 0),
            ),
        )
        for row in details.rows
    ]


def _format_quote_line(localizer: Localizer, details: QuoteDetails, row: QuoteLineDetails, name: str) -> str:
    line = row.line
    text = localizer.format_mrkdwn(
        "quote-line",
        product=name,
        seats=line.seats,
        before=line.seats_before,
        after=line.seats_before + line.seats,
        price=format_seat_price(localizer, line, details.quote.currency),
        dates=format_line_period(localizer, details, line),
    )
    notes = format_outlook(localizer, row.outlook, details.quote.currency)
    return "\n".join([text, *map(escape_mrkdwn, notes)])


def build_total_blocks(localizer: Localizer, details: QuoteDetails) -> list[Block]:
    quote = details.quote
    taxes = list_tax_amounts(localizer, details.taxes, quote.tax, quote.currency)
    amounts = [
        (localizer.format_text("receipt-subtotal"), details.to_money(quote.subtotal)),
        *((label, details.to_money(amount)) for label, amount in taxes),
    ]
    balance, due = list_promised_amounts(details), list_due_amounts(details)
    total = localizer.format_text("quote-total", pending="yes" if details.is_pending and not due else "no")
    ends = [(localizer.format_text(kind.view_key), amount) for kind, amount in due]
    ends = ends or [(total, details.to_money(quote.total))]
    if balance or len(ends) > 1:
        amounts.append((total, details.to_money(quote.total)))
        amounts += [(localizer.format_text(key), amount) for key, amount in balance]
    rows = [(escape_mrkdwn(label), localizer.format_money(amount)) for label, amount in amounts]
    rows += [(f"*{escape_mrkdwn(label)}*", f"*{localizer.format_money(amount)}*") for label, amount in ends]
    notes = format_tax_notes(localizer, details.taxes, quote.tax_facts)
    return [
        *block_kit.build_rows(rows),
        *([block_kit.build_section("\n".join(map(escape_mrkdwn, notes)))] if notes else []),
    ]


def format_recurring_costs(localizer: Localizer, details: QuoteDetails) -> str:
    lines = [
        localizer.format_mrkdwn(
            "quote-recurring-line", **build_renewal_arguments(total, details.quote.currency)
        )
        for total in details.renewal_totals
    ]
    notes = [localizer.format_mrkdwn(key) for key in list_renewal_note_keys(details)]
    if not lines and not details.is_renewal_total_missing:
        return "\n".join(notes)
    return "\n".join([localizer.format_mrkdwn("quote-recurring"), *lines, *notes])


def _build_quote_actions(localizer: Localizer, details: QuoteDetails, metadata: ModalMetadata) -> list[Block]:
    quote, buttons = details.quote, []
    if metadata.origin in BACK_ACTIONS_BY_ORIGIN:
        buttons.append(
            navigation.build_back_button(
                localizer, BACK_ACTIONS_BY_ORIGIN[metadata.origin], details.account.id
            )
        )
    if details.is_pending and metadata.origin != "cart":
        # The form's own button leads on.
        buttons += build_decision_buttons(localizer, quote)[2:]
    else:
        buttons.append(navigation.build_send_quote_button(localizer, quote.key, quote.number))
    if details.is_extendable and details.extension is None and metadata.origin != "cart":
        buttons.append(navigation.build_ask_for_extension_button(localizer, quote.key, quote.number))
    if details.order:
        buttons.append(navigation.build_open_order_button(localizer, details.order.key, details.order.number))
    return [block_kit.build_actions(*buttons)] if buttons else []


def render_quote_sent_modal(
    localizer: Localizer,
    details: QuoteDetails,
    contact: BillingContact,
    metadata: ModalMetadata,
    *,
    has_mail: bool = True,
) -> View:
    number = details.quote.number
    text = localizer.format_mrkdwn(
        "quote-sent", number=number, email=contact.email, has_mail="yes" if has_mail else "no"
    )
    blocks = [
        block_kit.build_alert(localizer.format_text("quote-sent-success", number=number), "success"),
        block_kit.build_section(text),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, details.quote.key)),
    ]
    title = localizer.format_text("quote")
    return block_kit.build_modal(SENT_VIEW, title, blocks, localizer, metadata=metadata)


def render_reject_modal(localizer: Localizer, details: QuoteDetails, metadata: ModalMetadata) -> View:
    reason = block_kit.build_text_input(
        "reason", metadata.reason, multiline=True, max_length=MAX_REASON_LENGTH
    )
    hint = localizer.format_text("quote-reject-hint", most=MAX_REASON_LENGTH)
    blocks = [
        block_kit.build_section(format_quote_summary(localizer, details)),
        block_kit.build_section(localizer.format_mrkdwn("quote-reject-intro")),
        block_kit.build_input(
            "reason", localizer.format_text("quote-reject-reason"), reason, hint=hint, optional=True
        ),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, details.quote.key)),
    ]
    submit = localizer.format_text("quote-reject-title")
    return block_kit.build_modal(
        REJECT,
        localizer.format_text("quote-reject-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )
