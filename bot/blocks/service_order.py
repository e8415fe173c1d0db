"""Service orders: the fourth step, where each one stands, and trying again (R10-R12, R18-R21)."""

from collections.abc import Sequence

from bot.blocks import kit, order_line, ways
from bot.blocks.audit_entry import history_blocks, history_page
from bot.blocks.kit import Block, Place, View
from bot.blocks.payment_method import method_input, method_text
from bot.blocks.quote import detail_blocks
from bot.blocks.subscription import labels, seats_text
from bot.i18n import Reader, escape
from models.account import Account, Address
from models.payment_method import PaymentMethod
from models.service_order import LineStatus, OrderStatus
from models.sheet import OrderSheet, PlacementSheet

PLACE = "service_order.place"
OPEN = ways.OPEN_ORDER
LIST = ways.LIST_ORDERS
RETRY = ways.RETRY
GIVE_UP = ways.GIVE_UP
CONFIRM_PAYMENT = order_line.CONFIRM_PAYMENT
MORE = "service_order.more"
HISTORY = "service_order.history"
SHOW_VIEW = "service_order.show"

MOST_ORDERS = 90
MOST_PAGES = 5


def placement(reader: Reader, sheet: PlacementSheet, place: Place, notes: Sequence[str] = ()) -> View:
    quote = sheet.quote.quote
    total = sheet.quote.money(quote.total)
    words = {"number": quote.number, "replaced": sheet.replaced or "", "total": total}
    blocks = [
        *kit.alerts([reader.text("placement-replaced", **words)] if sheet.replaced else [], "warning"),
        *kit.alerts(notes),
        kit.section(reader.mrkdwn("placement-intro", number=quote.number, account=sheet.quote.account.name)),
        *detail_blocks(reader, sheet.quote),
        kit.divider(),
        *_choices(reader, sheet),
        kit.section(reader.mrkdwn("placement-consequence", number=quote.number, total=total)),
        kit.actions(ways.back(reader, ways.EDIT_CHECKOUT, quote.key)),
    ]
    submit = reader.text("placement-submit")
    return kit.modal(PLACE, reader.text("service-order"), blocks, reader, place=place, submit=submit)


def _choices(reader: Reader, sheet: PlacementSheet) -> list[Block]:
    """Admin contact, payment method, billing address."""
    name, email = sheet.administrator
    contact = reader.mrkdwn(
        "placement-admin",
        name=name,
        email=email,
        takes="yes" if sheet.assigned else "no",
        products=kit.few(reader, [product.name for product in sheet.assigned]),
        free=sheet.free_seats,
    )
    return [
        kit.section(contact),
        kit.section(reader.mrkdwn("placement-method", method=method_text(reader, sheet.method))),
        kit.section(_address_text(reader, sheet.form.address)),
    ]


def _address_text(reader: Reader, address: Address) -> str:
    """mrkdwn, a line for each part."""
    return "\n".join([reader.mrkdwn("placement-address"), *map(escape, reader.address(address))])


def placed(
    reader: Reader, sheet: OrderSheet, place: Place, notes: Sequence[str] = (), *, services_url: str = ""
) -> View:
    """Right after placing; an order that is done already is shown as it stands."""
    order, contact = sheet.order, sheet.contact
    if order.finished:
        return order_view(reader, sheet, place, notes, services_url=services_url)
    done = reader.text("placed-success", number=order.number)
    has_channel = "yes" if sheet.account.channel else "no"
    text = reader.mrkdwn(
        "placed-next", by=order.promised_by, has_channel=has_channel, name=contact.name, email=contact.email
    )
    blocks = [
        kit.alert(done, "success"),
        kit.section(text),
        *_order_blocks(reader, sheet, [], notes, services_url),
    ]
    return kit.modal(SHOW_VIEW, reader.text("placed-title"), blocks, reader, place=place)


def order_view(
    reader: Reader, sheet: OrderSheet, place: Place, notes: Sequence[str] = (), *, services_url: str = ""
) -> View:
    standing = [kit.section(standing_text(reader, sheet))]
    blocks = _order_blocks(reader, sheet, standing, notes, services_url)
    return kit.modal(SHOW_VIEW, reader.text("service-order"), blocks, reader, place=place)


def _order_blocks(
    reader: Reader, sheet: OrderSheet, standing: list[Block], notes: Sequence[str], services_url: str
) -> list[Block]:
    return [
        *kit.alerts(notes),
        kit.header(reader.text("service-order-number", number=sheet.order.number)),
        *standing,
        *kit.alerts([reader.text("service-order-overdue")] if sheet.overdue else [], "warning"),
        *_attention_blocks(reader, sheet),
        kit.divider(),
        *order_line.line_blocks(reader, sheet),
        kit.section(_facts_text(reader, sheet)),
        *_receipt_blocks(reader, sheet),
        *history_blocks(reader, sheet.history, _labels(sheet), HISTORY),
        _ways_on(reader, sheet, services_url),
    ]


def standing_text(reader: Reader, sheet: OrderSheet) -> str:
    """mrkdwn: status, and what follows by when."""
    order = sheet.order
    declined = sheet.with_status(LineStatus.DECLINED)
    return reader.mrkdwn(
        f"service-order-{order.status.value}",
        by=order.promised_by,
        at=order.finished_at or order.placed_at,
        some_declined="yes" if declined else "no",
        products=kit.few(reader, _names(sheet, LineStatus.DECLINED)),
    )


def _names(sheet: OrderSheet, status: LineStatus) -> list[str]:
    names = _labels(sheet)
    return [names[row.line.subscription_id] for row in sheet.with_status(status)]


def _labels(sheet: OrderSheet) -> dict[str, str]:
    return labels((row.line.subscription_id, row.product) for row in sheet.rows)


def history_view(reader: Reader, sheet: OrderSheet, place: Place) -> View:
    """All that ever happened to the order and its quote; `place.page` of it."""
    blocks = [
        kit.header(reader.text("service-order-number", number=sheet.order.number)),
        kit.section(reader.mrkdwn("history-title")),
        *history_page(reader, sheet.history, _labels(sheet), place.page, HISTORY),
        kit.actions(ways.back(reader, OPEN, sheet.order.key)),
    ]
    return kit.modal(HISTORY, reader.text("service-order"), blocks, reader, place=place)


def _attention_blocks(reader: Reader, sheet: OrderSheet) -> list[Block]:
    """What waits for a person, and the buttons for it."""
    if not sheet.can_retry:
        return []
    until = max(
        row.line.retry_ends_at(sheet.order) for row in sheet.rows if row.line.can_retry(sheet.order, sheet.at)
    )
    return [
        kit.section(reader.mrkdwn("service-order-decision", until=until)),
        kit.actions(*retry_buttons(reader, sheet)),
    ]


def retry_buttons(reader: Reader, sheet: OrderSheet) -> list[Block]:
    """Try again, give up."""
    number, key = sheet.order.number, sheet.order.key
    asks = kit.confirm(
        reader.text("cancel-seats-ask"),
        reader.text("cancel-seats-consequence", number=number),
        reader.text("cancel-seats-yes"),
        reader.text("go-back"),
    )
    again = reader.text("action-retry-label", number=number)
    give_up = reader.text("action-cancel-seats-label", number=number)
    return [
        kit.button(RETRY, reader.text("action-retry"), key, style="primary", label=again),
        kit.button(
            GIVE_UP, reader.text("action-cancel-seats"), key, style="danger", label=give_up, asks=asks
        ),
    ]


def _facts_text(reader: Reader, sheet: OrderSheet) -> str:
    quote = sheet.quote
    facts = reader.mrkdwn(
        "service-order-facts",
        account=sheet.account.name,
        quote=quote.number,
        at=sheet.order.placed_at,
        by=sheet.contact.name,
        total=sheet.money(quote.total),
        tax=sheet.money(quote.tax),
        admin=sheet.administrator.name,
        method=method_text(reader, sheet.method),
    )
    return f"{facts}\n{_address_text(reader, sheet.order.billing_address)}"


def _receipt_blocks(reader: Reader, sheet: OrderSheet) -> list[Block]:
    if sheet.receipt is None:
        return []
    receipt = sheet.receipt
    text = reader.mrkdwn(
        "receipt-totals",
        number=receipt.number,
        day=receipt.issued_on,
        subtotal=sheet.money(receipt.subtotal),
        tax=sheet.money(receipt.tax),
        total=sheet.money(receipt.total),
    )
    pages = [
        reader.mrkdwn("provider-receipt", number=page.number, page=page.page, pdf=page.pdf)
        for page in sheet.receipt_pages[:MOST_PAGES]
    ]
    send = ways.send_receipt(reader, receipt.key, receipt.number)
    return [kit.section("\n".join([text, *pages]), send)]


def _ways_on(reader: Reader, sheet: OrderSheet, services_url: str) -> Block:
    buttons = [ways.list_orders(reader, sheet.account.id)]
    helped = (
        sheet.order.status is OrderStatus.FAILED or sheet.overdue or sheet.with_status(LineStatus.DECLINED)
    )
    if services_url and helped:
        buttons.append(ways.services(reader, services_url))
    return kit.actions(*buttons)


def order_list(reader: Reader, account: Account, sheets: list[OrderSheet], place: Place, more: bool) -> View:
    """`more`: there are older ones; its button's value is the id of the last order shown."""
    intro = "service-order-list" if sheets else "service-order-list-empty"
    shown = sheets[:MOST_ORDERS]
    blocks = [kit.section(reader.mrkdwn(intro, account=account.name))]
    blocks += [order_block(reader, sheet) for sheet in shown]
    if shown and (more or len(sheets) > len(shown)):
        older = kit.button(MORE, reader.text("show-older"), shown[-1].order.key)
        blocks.append(kit.actions(older))
    blocks.append(kit.actions(ways.add_seats(reader, account.id), ways.list_quotes(reader, account.id)))
    return kit.modal(LIST, reader.text("service-orders"), blocks, reader, place=place)


def order_block(reader: Reader, sheet: OrderSheet) -> Block:
    text = summary_text(reader, sheet)
    return kit.section(text, ways.open_order(reader, sheet.order.key, sheet.order.number))


def summary_text(reader: Reader, sheet: OrderSheet) -> str:
    """mrkdwn: number, status in a word, seats, when it was placed."""
    return reader.mrkdwn(
        "service-order-summary",
        number=sheet.order.number,
        status=status_word(reader, sheet.order.status),
        needs="yes" if needs_attention(sheet) else "no",
        seats=seats_text(reader, [(row.line.seats, row.product) for row in sheet.rows]),
        at=sheet.order.placed_at,
    )


def status_word(reader: Reader, status: OrderStatus) -> str:
    return reader.text("order-status", status=status.value)


def needs_attention(sheet: OrderSheet) -> bool:
    """Someone must confirm a payment, or decide whether to try again."""
    return sheet.can_retry or bool(sheet.with_status(LineStatus.NEEDS_CUSTOMER))


def retry_form(reader: Reader, sheet: OrderSheet, methods: list[PaymentMethod], place: Place) -> View:
    order = sheet.order
    names = _labels(sheet)
    texts = [
        reader.mrkdwn(
            "retry-line",
            product=names[row.line.subscription_id],
            seats=row.line.seats,
            amount=sheet.money(row.line.amount),
            tax=sheet.money(row.line.tax),
        )
        for row in sheet.rows
        if row.line.can_retry(order, sheet.at)
    ]
    blocks = [
        kit.section(reader.mrkdwn("retry-intro", number=order.number)),
        *kit.paragraphs(texts, reader),
        method_input(reader, methods, order.payment_method_id),
        kit.actions(ways.manage_methods(reader, sheet.account.id)),
        kit.actions(ways.back(reader, OPEN, order.key)),
    ]
    submit = reader.text("action-retry") if methods else None
    return kit.modal(RETRY, reader.text("action-retry"), blocks, reader, place=place, submit=submit)
