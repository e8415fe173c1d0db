"""What the notices of service orders and receipts say."""

from datetime import datetime

from bot.i18n import Reader
from bot.i18n.voice import (
    LONGEST_NAME,
    MOST_ROWS,
    Voice,
    Wording,
    decline_reason,
    line_state,
    order_rows,
    row_line,
    rows_of,
    shorten,
    total,
)
from models.audit_entry import AuditEntry
from models.service_order import LineStatus, OrderStatus
from models.sheet import OrderRow


def status(voice: Voice) -> Wording:
    order = voice.order.order
    title = voice.say("notice-order-status", number=order.number, status=order.status.value)
    return Wording(
        title, (*order_rows(voice), *total(voice, voice.order.quote), _placed_by(voice), *_next(voice))
    )


def _next(voice: Voice) -> list[str]:
    """What happens next, by whom and by when; in the end, what came of it."""
    sheet, order = voice.order, voice.order.order
    if order.status is OrderStatus.FAILED:
        return [_end(voice), voice.say("order-nothing-charged"), voice.services()]
    if order.finished:
        return [_end(voice)]
    late = (
        [voice.say("notice-order-next-overdue", by=order.promised_by), voice.services()]
        if sheet.overdue
        else []
    )
    return [*_asked(voice), *(late or [_goes_on(voice)])]


def _asked(voice: Voice) -> list[str]:
    """What a person must do, as long as they can."""
    sheet = voice.order
    asked = []
    declined = [row.line for row in sheet.rows if row.line.can_retry(sheet.order, sheet.at)]
    if declined:
        until = min(line.retry_ends_at(sheet.order) for line in declined)
        asked.append(voice.say("notice-order-next-decide", until=until))
    confirmed_by = [row.line.until for row in sheet.with_status(LineStatus.NEEDS_CUSTOMER) if row.line.until]
    if confirmed_by:
        asked.append(voice.say("notice-order-next-confirm", until=min(confirmed_by)))
    return asked


def _goes_on(voice: Voice) -> str:
    order = voice.order.order
    waits_for = next((row.waits_for for row in voice.order.rows if row.waits_for), None)
    if waits_for:
        return voice.say("notice-order-next-queued", number=waits_for, by=order.promised_by)
    return _end(voice)


def _placed_by(voice: Voice) -> str:
    sheet = voice.order
    return voice.say(
        "notice-order-placed-by", name=sheet.contact.name, at=sheet.order.placed_at, quote=sheet.quote.number
    )


def _end(voice: Voice) -> str:
    """When it will have been processed, or when it was."""
    order = voice.order.order
    if order.finished_at is None:
        return voice.say("order-promise", by=order.promised_by)
    receipt = voice.order.receipt.number if voice.order.receipt else ""
    return voice.say(
        "notice-order-finished", status=order.status.value, at=order.finished_at, receipt=receipt
    )


def history(voice: Voice) -> Wording:
    words = voice.told.words
    return Wording(
        voice.say(
            "notice-history",
            step=str(words.get("step", "")),
            product=shorten(str(words.get("product") or ""), LONGEST_NAME),
            seats=int(words.get("seats") or 0),
            reason=decline_reason(voice.told.reader, str(words.get("reason") or "")),
            waits_for=str(words.get("waits_for") or ""),
            by=str(words.get("by") or ""),
            at=datetime.fromisoformat(str(words["at"])),
        )
    )


def placed(voice: Voice) -> Wording:
    sheet = voice.order
    return Wording(
        voice.say("notice-order-placed", number=sheet.order.number, account=sheet.account.name),
        (
            *order_rows(voice, status=False),
            *total(voice, sheet.quote),
            voice.say("admin-contact", name=sheet.administrator.name, email=sheet.administrator.email),
            _end(voice),
        ),
    )


def waits(voice: Voice) -> Wording:
    waits_for = str(voice.told.words.get("waits_for", ""))
    title = voice.say("notice-order-queued", number=voice.order.order.number, waits_for=waits_for)
    return Wording(title, (voice.say("notice-order-queued-reason", waits_for=waits_for), *order_rows(voice)))


def declined(voice: Voice) -> Wording:
    words = voice.told.words
    title = voice.say(
        "notice-order-declined", number=voice.order.order.number, products=list(words.get("products", []))
    )
    reason = decline_reason(voice.told.reader, str(words.get("reason") or ""))
    because = [voice.say("notice-order-declined-reason", reason=reason)] if reason else []
    return Wording(title, (*because, *_two_prices(voice), *_after_decline(voice), *order_rows(voice)))


def _two_prices(voice: Voice) -> list[str]:
    """R17: what was promised, and what it would have been; not in a channel that shows no amounts."""
    words, sheet = voice.told.words, voice.order
    if "offered" not in words or not voice.told.amounts:
        return []
    promised, offered = sheet.money(int(words["promised"])), sheet.money(int(words["offered"]))
    return [voice.say("notice-order-two-prices", promised=promised, offered=offered)]


def _after_decline(voice: Voice) -> list[str]:
    sheet = voice.order
    retryable = [row.line for row in sheet.rows if row.line.can_retry(sheet.order, sheet.at)]
    if retryable:
        until = min(line.retry_ends_at(sheet.order) for line in retryable)
        return [voice.say("notice-order-not-charged"), voice.say("notice-order-retry", until=until)]
    if sheet.with_status(LineStatus.DECLINED):
        return [voice.say("notice-order-not-charged"), voice.say("order-line-no-retry"), voice.services()]
    return [_now(voice)]


def _now(voice: Voice) -> str:
    """Where what the notice asks for is no longer needed when it is read."""
    return voice.say("notice-order-outdated", status=voice.order.order.status.value)


def needs_customer(voice: Voice) -> Wording:
    sheet = voice.order
    rows = sheet.with_status(LineStatus.NEEDS_CUSTOMER)
    title = voice.say(
        "notice-order-needs-customer",
        number=sheet.order.number,
        products=list(voice.told.words.get("products", [])),
        personal="yes" if voice.personal else "no",
    )
    asks = [line for row in rows for line in _confirmation(voice, row)] or [_now(voice)]
    return Wording(title, (*asks, *order_rows(voice)))


def _confirmation(voice: Voice, row: OrderRow) -> list[str]:
    name = shorten(row.product.name, LONGEST_NAME)
    lines = [voice.say("notice-order-confirm", product=name)]
    if row.line.until:
        lines = [voice.say("notice-order-confirm-until", product=name, until=row.line.until)]
    # The link opens the payment to whoever holds it: a button in a direct message, never in a channel.
    if voice.to == "email" and row.line.customer_link:
        lines.append(voice.say("notice-order-confirm-link", url=row.line.customer_link))
    return lines


def failed(voice: Voice) -> Wording:
    title = voice.say("notice-order-failed", number=voice.order.order.number)
    return Wording(title, (voice.say("order-nothing-charged"), *order_rows(voice), voice.services()))


def overdue(voice: Voice) -> Wording:
    sheet = voice.order
    title = voice.say("notice-order-overdue", number=sheet.order.number)
    due = voice.say("notice-order-overdue-since", by=sheet.order.promised_by)
    if voice.to != "services":
        ask = voice.say("notice-order-overdue-ask", number=sheet.order.number)
        return Wording(title, (due, *order_rows(voice), ask, voice.services()))
    return Wording(
        title,
        (
            due,
            voice.say("notice-account", name=sheet.account.name, id=sheet.account.id),
            voice.say("notice-contact", name=sheet.contact.name, email=sheet.contact.email),
            _placed_by(voice),
            *order_rows(voice),
            *total(voice, sheet.quote),
            voice.say("notice-steps"),
            *(_step(voice, entry) for entry in sheet.history[-MOST_ROWS:]),
        ),
    )


def _step(voice: Voice, entry: AuditEntry) -> str:
    what = _step_words(voice.told.reader, entry)
    return voice.say(
        "notice-step", at=entry.at, what=what, by=entry.actor_name, reason=entry.reason or ""
    ).rstrip()


def _step_words(reader: Reader, entry: AuditEntry) -> str:
    """The states a person knows in their words; the rest of the history by the names it was stored under."""
    to = entry.to_status or ""
    if entry.action == "line" and to in list(LineStatus):
        state = reader.text("line-status", status=to)
        return f"{entry.details.get('subscription', '')}: {state}"
    if to in list(OrderStatus):
        return reader.text("order-status", status=to)
    return entry.action.replace("_", " ")


def receipt(voice: Voice) -> Wording:
    sheet = voice.order
    if voice.personal:
        title = voice.say("notice-receipt", number=voice.receipt.number, order=sheet.order.number)
    else:
        title = voice.say("notice-order-status", number=sheet.order.number, status=sheet.order.status.value)
    settled = sheet.with_status(LineStatus.SETTLED)
    # A channel has readers who may not read receipts (R1): it is told where the receipt went, no more.
    elsewhere = [] if voice.personal else [voice.say("notice-receipt-sent", number=voice.receipt.number)]
    return Wording(
        title,
        (
            *rows_of(voice, settled, lambda row: row_line(voice, row, amounts=voice.told.amounts)),
            *receipt_totals(voice),
            *not_bought(voice),
            *elsewhere,
        ),
    )


def receipt_file(voice: Voice) -> Wording:
    """What stands beside the PDF."""
    return Wording(voice.say("notice-receipt-file", number=voice.receipt.number))


def receipt_totals(voice: Voice) -> list[str]:
    sheet = voice.order
    if not voice.told.amounts:
        return []
    receipt = voice.receipt
    return [
        voice.say("notice-subtotal", amount=sheet.money(receipt.subtotal)),
        voice.say("notice-tax", amount=sheet.money(receipt.tax)),
        voice.say("notice-total", amount=sheet.money(receipt.total)),
        *(
            voice.say("notice-paid-by", brand=method.brand.title(), last4=method.last4)
            for method in sheet.charged_methods
        ),
    ]


def not_bought(voice: Voice) -> list[str]:
    """R18: the lines that did not settle are named."""
    missing = [row for row in voice.order.rows if row.line.status is not LineStatus.SETTLED]
    if not missing:
        return []
    rows = rows_of(voice, missing, lambda row: row_line(voice, row, state=line_state(voice, row)))
    return [voice.say("notice-not-charged"), *rows, voice.services()]
