"""Where a line of an order stands, in words (R18, R19)."""

from bot.blocks import kit, ways
from bot.blocks.kit import Block
from bot.blocks.subscription import labels
from bot.i18n import Reader
from models.service_order import LineStatus, OrderLine
from models.sheet import OrderRow, OrderSheet

CONFIRM_PAYMENT = ways.CONFIRM_PAYMENT

MOST_LINKS = 20
MOST_PARAGRAPHS = 40


def line_blocks(reader: Reader, sheet: OrderSheet) -> list[Block]:
    """The lines that need the customer first, each with its link."""
    texts = line_texts(reader, sheet)
    linked = [row for row in sheet.rows if row.line.customer_link][:MOST_LINKS]
    rest = [text for text, row in zip(texts, sheet.rows, strict=True) if row not in linked]
    with_link = [
        kit.section(text, confirm_link(reader, row))
        for text, row in zip(texts, sheet.rows, strict=True)
        if row in linked
    ]
    return [*with_link, *kit.paragraphs(rest, reader, MOST_PARAGRAPHS)]


def confirm_link(reader: Reader, row: OrderRow) -> Block:
    label = reader.text("action-confirm-payment-label", product=row.product.name)
    return kit.link(
        CONFIRM_PAYMENT, reader.text("action-confirm-payment"), row.line.customer_link or "", label
    )


def line_texts(reader: Reader, sheet: OrderSheet) -> list[str]:
    """mrkdwn, one a line: product and seats, then what happened or happens next, and by when."""
    names = labels((row.line.subscription_id, row.product) for row in sheet.rows)
    return [
        reader.mrkdwn(
            "order-line",
            product=names[row.line.subscription_id],
            seats=row.line.seats,
            amount=sheet.money(row.line.amount),
            tax=sheet.money(row.line.tax),
            standing=standing_text(reader, sheet, row),
        )
        for row in sheet.rows
    ]


def standing_text(reader: Reader, sheet: OrderSheet, row: OrderRow) -> str:
    """Plain."""
    line, order = row.line, sheet.order
    if line.status is LineStatus.SETTLED:
        return reader.text("order-line-settled", at=line.settled_at)
    if line.status is LineStatus.DECLINED:
        return " ".join(
            [
                reader.text("order-line-declined", reason=_why(reader, sheet, line)),
                _after_decline(reader, sheet, row),
            ]
        )
    if line.status is LineStatus.WAITING and row.waits_for:
        return reader.text("order-line-queued", order=row.waits_for, by=order.promised_by)
    has_until = "yes" if line.until else "no"
    return reader.text(
        f"order-line-{line.status.value.replace('_', '-')}",
        by=order.promised_by,
        until=line.until or order.promised_by,
        has_until=has_until,
    )


def _why(reader: Reader, sheet: OrderSheet, line: OrderLine) -> str:
    """R17: where the price stood in the way, both prices, tax included."""
    if line.offered_amount is None or line.offered_tax is None:
        return reason_text(reader, line.reason)
    promised, offered = line.amount + line.tax, line.offered_amount + line.offered_tax
    return reader.text(
        "decline-price-changed-to", promised=sheet.money(promised), offered=sheet.money(offered)
    )


def _after_decline(reader: Reader, sheet: OrderSheet, row: OrderRow) -> str:
    if row.line.can_retry(sheet.order, sheet.at):
        return reader.text("order-line-can-retry", until=row.line.retry_ends_at(sheet.order))
    return reader.text("order-line-given-up" if sheet.order.given_up else "order-line-no-retry")


def reason_text(reader: Reader, reason: str | None) -> str:
    """Plain: a decline's reason as a sentence; the provider's own word where it is not one of ours."""
    key = "decline-" + (reason or "unknown").replace("_", "-")
    return reader.text(key) if reader.has(key) else reader.text("decline-with-code", reason=reason)
