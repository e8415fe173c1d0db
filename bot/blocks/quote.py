"""Quotes: the list of pending ones, the review of one, the reason for rejecting it (R8, R10, R17)."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, Place, View
from bot.blocks.subscription import labels, price_text, seats_text
from bot.i18n import Reader
from models.account import Account
from models.details import QuoteSheet
from models.money import Money
from models.quote import LONGEST_REASON, Quote, QuoteLine, QuoteStatus

OPEN = navigation.OPEN_QUOTE
APPROVE = navigation.APPROVE_QUOTE
REJECT = navigation.REJECT_QUOTE
REVIEW = "quote.review"
LIST = navigation.LIST_QUOTES

MOST_PENDING = 40
MOST_PARAGRAPHS = 60
NUMBERS_IN_A_PARAGRAPH = 100

# Where Back from a review leads, by the place's origin.
BACKS = {"cart": navigation.EDIT_CART, "pending": navigation.SHOW_WARNING, "quotes": navigation.LIST_QUOTES}


def quote_list(reader: Reader, account: Account, sheets: list[QuoteSheet], place: Place) -> View:
    if sheets:
        blocks = [
            block_kit.section(reader.mrkdwn("quote-list-intro", account=account.name, count=len(sheets))),
            *pending_blocks(reader, sheets),
        ]
    else:
        blocks = [block_kit.section(reader.mrkdwn("quote-list-empty", account=account.name))]
    way = navigation.list_orders(reader, account.id)
    blocks += [block_kit.divider(), block_kit.actions(navigation.add_seats(reader, account.id), way)]
    return block_kit.modal(LIST, reader.text("quote-list-title"), blocks, reader, place=place)


def pending_blocks(reader: Reader, sheets: Sequence[QuoteSheet], most: int = MOST_PENDING) -> list[Block]:
    """Each quote with its buttons; those past `most` by their number, so that every one is named."""
    blocks = [block for sheet in sheets[:most] for block in _pending_block(reader, sheet)]
    rest = [sheet.quote.number for sheet in sheets[most:]]
    if rest:
        blocks.append(block_kit.section(reader.mrkdwn("quote-list-more", count=len(rest))))
    for start in range(0, len(rest), NUMBERS_IN_A_PARAGRAPH):
        named = rest[start : start + NUMBERS_IN_A_PARAGRAPH]
        blocks.append(block_kit.section(reader.mrkdwn("quote-list-numbers", numbers=named)))
    return blocks


def _pending_block(reader: Reader, sheet: QuoteSheet) -> list[Block]:
    return [
        block_kit.section(summary_text(reader, sheet)),
        block_kit.actions(*decision_buttons(reader, sheet.quote)),
    ]


def decision_buttons(reader: Reader, quote: Quote) -> list[Block]:
    """Open, approve, reject."""
    draw = (navigation.open_quote, navigation.approve, navigation.reject)
    return [button(reader, quote.key, quote.number) for button in draw]


def summary_text(reader: Reader, sheet: QuoteSheet) -> str:
    """mrkdwn: number, total, seats and end of validity."""
    return reader.mrkdwn(
        "quote-summary",
        number=sheet.quote.number,
        total=sheet.money(sheet.quote.total),
        seats=seats_text(reader, [(row.line.seats, row.product) for row in sheet.rows]),
        until=sheet.quote.expires_at,
    )


def quote_review(reader: Reader, sheet: QuoteSheet, place: Place, notes: Sequence[str] = ()) -> View:
    blocks = [
        *block_kit.alerts(notes),
        block_kit.header(reader.text("quote-header", number=sheet.quote.number)),
        block_kit.section(standing_text(reader, sheet)),
        *detail_blocks(reader, sheet),
        *_ways_on(reader, sheet, place),
    ]
    submit = reader.text("quote-review-submit") if sheet.pending else None
    return block_kit.modal(REVIEW, reader.text("quote-title"), blocks, reader, place=place, submit=submit)


def standing_text(reader: Reader, sheet: QuoteSheet) -> str:
    """mrkdwn: whose it is, where it comes from and where it stands."""
    origin = "elsewhere" if sheet.quote.made_elsewhere else "cart"
    made = reader.mrkdwn(
        "quote-made",
        account=sheet.account.name,
        origin=origin,
        by=sheet.made_by or reader.text("someone"),
        at=sheet.quote.created_at,
    )
    return f"{made}\n{_state_text(reader, sheet)}"


def _state_text(reader: Reader, sheet: QuoteSheet) -> str:
    quote = sheet.quote
    status = quote.status_at(sheet.at)
    if status is QuoteStatus.PENDING:
        return reader.mrkdwn("quote-pending", until=quote.expires_at)
    return reader.mrkdwn(
        "quote-decided",
        outcome=outcome(status.value, elsewhere=quote.decided_elsewhere, replaced=bool(sheet.replaced_by)),
        by=quote.decided_by or reader.text("someone"),
        at=quote.decided_at or quote.expires_at,
        replaced_by=sheet.replaced_by or "",
        has_reason="yes" if quote.reason else "no",
        reason=quote.reason or "",
        has_order="yes" if sheet.order else "no",
        order=sheet.order.number if sheet.order else "",
    )


def outcome(status: str, *, elsewhere: bool, replaced: bool) -> str:
    """The word that messages about a decided quote choose their sentence by."""
    if status == QuoteStatus.EXPIRED.value:
        return "replaced" if replaced else "expired"
    return f"{status}-elsewhere" if elsewhere else status


def detail_blocks(reader: Reader, sheet: QuoteSheet) -> list[Block]:
    """What a quote promises: lines, totals, and what the subscriptions cost from then on."""
    return [
        block_kit.divider(),
        *block_kit.paragraphs(line_texts(reader, sheet), reader, MOST_PARAGRAPHS),
        block_kit.section(totals_text(reader, sheet)),
        block_kit.section(recurring_text(reader, sheet)),
    ]


def line_texts(reader: Reader, sheet: QuoteSheet) -> list[str]:
    """mrkdwn, one a line: seats before and after, price, the time charged for, amount and tax."""
    names = labels((row.line.subscription_id, row.product) for row in sheet.rows)
    lines = [row.line for row in sheet.rows]
    return [_line_text(reader, sheet, line, names[line.subscription_id]) for line in lines]


def _line_text(reader: Reader, sheet: QuoteSheet, line: QuoteLine, name: str) -> str:
    return reader.mrkdwn(
        "quote-line",
        product=name,
        seats=line.seats,
        before=line.seats_before,
        after=line.seats_before + line.seats,
        price=price_text(reader, sheet.money(line.unit_price), line.period.value),
        since=sheet.quote.frozen_at,
        until=line.period_end,
        amount=sheet.money(line.amount),
        tax=sheet.money(line.tax),
    )


def totals_text(reader: Reader, sheet: QuoteSheet) -> str:
    quote = sheet.quote
    amounts = {name: sheet.money(getattr(quote, name)) for name in ("subtotal", "tax", "total")}
    return reader.mrkdwn("quote-totals", **amounts)


def recurring_text(reader: Reader, sheet: QuoteSheet) -> str:
    lines = [_recurring_line(reader, total, sheet.quote.currency) for total in sheet.quote.recurring]
    return "\n".join([reader.mrkdwn("quote-recurring"), *lines, reader.mrkdwn("quote-recurring-scope")])


def _recurring_line(reader: Reader, total: dict[str, int | str], currency: str) -> str:
    net, tax = int(total["net"]), int(total["tax"])
    return reader.mrkdwn(
        "quote-recurring-line",
        period=total["period"],
        total=Money(net + tax, currency),
        net=Money(net, currency),
        tax=Money(tax, currency),
    )


def _ways_on(reader: Reader, sheet: QuoteSheet, place: Place) -> list[Block]:
    quote, buttons = sheet.quote, []
    if place.origin in BACKS:
        buttons.append(navigation.back(reader, BACKS[place.origin], sheet.account.id))
    if sheet.pending and place.origin != "cart":
        buttons += [draw(reader, quote.key, quote.number) for draw in (navigation.approve, navigation.reject)]
    if sheet.order:
        buttons.append(navigation.open_order(reader, sheet.order.key, sheet.order.number))
    return [block_kit.actions(*buttons)] if buttons else []


def reject_form(reader: Reader, sheet: QuoteSheet, place: Place) -> View:
    typed = block_kit.text_input("reason", place.reason, multiline=True, most=LONGEST_REASON)
    hint = reader.text("quote-reject-hint", most=LONGEST_REASON)
    blocks = [
        block_kit.section(summary_text(reader, sheet)),
        block_kit.section(reader.mrkdwn("quote-reject-intro")),
        block_kit.input_block("reason", reader.text("quote-reject-reason"), typed, hint=hint, optional=True),
        block_kit.actions(navigation.back(reader, OPEN, sheet.quote.key)),
    ]
    submit = reader.text("quote-reject-submit")
    return block_kit.modal(
        REJECT, reader.text("quote-reject-title"), blocks, reader, place=place, submit=submit
    )
