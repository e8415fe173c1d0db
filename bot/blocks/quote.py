"""Quotes: the list of pending ones, the review of one, the reason for rejecting it (R8, R10, R17)."""

from collections.abc import Sequence

from bot.blocks import kit, ways
from bot.blocks.kit import Block, Place, View
from bot.blocks.subscription import labels, price_text, seats_text
from bot.i18n import Reader
from models.account import Account
from models.money import Money
from models.quote import LONGEST_REASON, Quote, QuoteLine, QuoteStatus
from models.sheet import QuoteSheet

OPEN = ways.OPEN_QUOTE
APPROVE = ways.APPROVE_QUOTE
REJECT = ways.REJECT_QUOTE
REVIEW = "quote.review"
LIST = ways.LIST_QUOTES

MOST_PENDING = 40
MOST_PARAGRAPHS = 60
NUMBERS_IN_A_PARAGRAPH = 100

# Where Back from a review leads, by the place's origin.
BACKS = {"cart": ways.EDIT_CART, "pending": ways.SHOW_WARNING, "quotes": ways.LIST_QUOTES}


def quote_list(reader: Reader, account: Account, sheets: list[QuoteSheet], place: Place) -> View:
    if sheets:
        blocks = [
            kit.section(reader.mrkdwn("quote-list-intro", account=account.name, count=len(sheets))),
            *pending_blocks(reader, sheets),
        ]
    else:
        blocks = [kit.section(reader.mrkdwn("quote-list-empty", account=account.name))]
    way = ways.list_orders(reader, account.id)
    blocks += [kit.divider(), kit.actions(ways.add_seats(reader, account.id), way)]
    return kit.modal(LIST, reader.text("pending-quotes"), blocks, reader, place=place)


def pending_blocks(reader: Reader, sheets: Sequence[QuoteSheet], most: int = MOST_PENDING) -> list[Block]:
    """Each quote with its buttons; those past `most` by their number, so that every one is named."""
    blocks = [block for sheet in sheets[:most] for block in _pending_block(reader, sheet)]
    rest = [sheet.quote.number for sheet in sheets[most:]]
    if rest:
        blocks.append(kit.section(reader.mrkdwn("quote-list-more", count=len(rest))))
    for start in range(0, len(rest), NUMBERS_IN_A_PARAGRAPH):
        named = rest[start : start + NUMBERS_IN_A_PARAGRAPH]
        blocks.append(kit.section(reader.mrkdwn("quote-list-numbers", numbers=named)))
    return blocks


def _pending_block(reader: Reader, sheet: QuoteSheet) -> list[Block]:
    return [kit.section(summary_text(reader, sheet)), kit.actions(*decision_buttons(reader, sheet.quote))]


def decision_buttons(reader: Reader, quote: Quote) -> list[Block]:
    """Open, approve, reject."""
    draw = (ways.open_quote, ways.approve, ways.reject)
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
        *kit.alerts(notes),
        kit.header(reader.text("quote-number", number=sheet.quote.number)),
        kit.section(standing_text(reader, sheet)),
        *detail_blocks(reader, sheet),
        *_ways_on(reader, sheet, place),
    ]
    submit = reader.text("quote-submit") if sheet.pending else None
    return kit.modal(REVIEW, reader.text("quote"), blocks, reader, place=place, submit=submit)


def standing_text(reader: Reader, sheet: QuoteSheet) -> str:
    """mrkdwn: whose it is, where it comes from and where it stands."""
    origin = "elsewhere" if sheet.quote.made_elsewhere else "cart"
    made = reader.mrkdwn(
        "quote-origin",
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
        kit.divider(),
        *kit.paragraphs(line_texts(reader, sheet), reader, MOST_PARAGRAPHS),
        kit.section(totals_text(reader, sheet)),
        kit.section(recurring_text(reader, sheet)),
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
        buttons.append(ways.back(reader, BACKS[place.origin], sheet.account.id))
    if sheet.pending and place.origin != "cart":
        buttons += [draw(reader, quote.key, quote.number) for draw in (ways.approve, ways.reject)]
    if sheet.order:
        buttons.append(ways.open_order(reader, sheet.order.key, sheet.order.number))
    return [kit.actions(*buttons)] if buttons else []


def reject_form(reader: Reader, sheet: QuoteSheet, place: Place) -> View:
    typed = kit.text_input("reason", place.reason, multiline=True, most=LONGEST_REASON)
    hint = reader.text("quote-reject-hint", most=LONGEST_REASON)
    blocks = [
        kit.section(summary_text(reader, sheet)),
        kit.section(reader.mrkdwn("quote-reject-intro")),
        kit.input_block("reason", reader.text("quote-reject-reason"), typed, hint=hint, optional=True),
        kit.actions(ways.back(reader, OPEN, sheet.quote.key)),
    ]
    submit = reader.text("quote-reject-title")
    return kit.modal(REJECT, reader.text("quote-reject-title"), blocks, reader, place=place, submit=submit)
