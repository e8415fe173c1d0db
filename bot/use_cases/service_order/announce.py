"""Notices of an order: its status message, the history in the thread, new messages (R25)."""

from bot.use_cases.notice.enqueue import build_order_message_edits, list_direct_destinations
from bot.use_cases.service_order.order_update import OrderUpdate
from models.details import OrderLineDetails
from models.notice import NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import (
    NoticePayload,
    OrderDeclinedPayload,
    OrderHistoryPayload,
    OrderQueuedPayload,
    PaymentConfirmationPayload,
)
from models.service_order import BALANCE_DUE_REASON
from models.service_order.account_balance import compute_amount_limit


def announce_progress(
    update: OrderUpdate,
    step: str,
    *,
    by: str = "",
    row: OrderLineDetails | None = None,
    blocking_order_number: str | None = None,
) -> None:
    if update.account.channel is None:
        return  # Direct messages cover what the person needs to know.
    payload = OrderHistoryPayload(step=step, by=by, at=update.at)
    # With the time, so that the same step of another attempt is announced again.
    event = f"{step}:{row.line.id if row else 0}:{update.at.isoformat()}"
    if row is not None:
        line = {"product": row.product.name, "seats": row.line.seats, "reason": row.line.reason or ""}
        payload = payload.model_copy(update=line)
        if step == "line_settled" and row.line.is_on_invoice:
            payload = payload.model_copy(update={"invoice_number": row.line.provider_invoice_number})
    if blocking_order_number is not None:
        # Each check finds it again; it is announced once.
        event = f"{step}:{blocking_order_number}"
        payload = payload.model_copy(update={"blocking_order_number": blocking_order_number})
    channel = [Destination.channel(update.account.channel)]
    update.add_notice(NoticeKind.ORDER_STATUS, f"{event}:status", channel)
    update.add_notice(NoticeKind.ORDER_HISTORY, f"{event}:history", channel, payload)


async def announce_queued(update: OrderUpdate, blocking_order_number: str) -> None:
    update.add_notice(
        NoticeKind.ORDER_QUEUED,
        f"waits:{blocking_order_number}",
        list_direct_destinations(await update.list_recipients()),
        OrderQueuedPayload(blocking_order_number=blocking_order_number),
    )
    announce_progress(update, "waits", blocking_order_number=blocking_order_number)


async def announce_resolution(update: OrderUpdate) -> None:
    """Edits earlier messages, which may ask for what has just been decided, confirmed or finished."""
    await edit_earlier_messages(update)
    settings = update.dependencies.settings
    if settings.account_services_channel and update.at >= update.order.processing_deadline:
        channel = [Destination.account_services(settings.account_services_channel)]
        team = settings.account_services_team
        update.add_notice(NoticeKind.ORDER_MESSAGES, _build_edit_event(update), channel, team=team)


async def edit_earlier_messages(update: OrderUpdate, row: OrderLineDetails | None = None) -> None:
    """Edits what has been posted about the order, wherever that is. `row` is the line that caused it."""
    event = f"{_build_edit_event(update)}:{row.line.id}" if row else _build_edit_event(update)
    update.notices += build_order_message_edits(
        update.account,
        update.order,
        f"order:{update.order.id}:{event}",
        await update.list_destinations(),
        update.message_places,
        update.at,
    )


def _build_edit_event(update: OrderUpdate) -> str:
    return f"messages:{update.at.isoformat()}"


async def announce_attention_needed(
    update: OrderUpdate, row: OrderLineDetails, kind: NoticeKind, *, event_suffix: str = ""
) -> None:
    """Posts a new message, in the channel and to the person, whenever people have to act."""
    # Not the attempt's number: a line may be declined and retried twice without another attempt.
    entry_number = await update.get_last_entry_number()
    event = f"line:{row.line.id}:{kind}:{entry_number}{event_suffix}"
    update.add_notice(
        kind, event, await update.list_destinations(), _build_attention_payload(update, kind, row)
    )


def _build_attention_payload(update: OrderUpdate, kind: NoticeKind, row: OrderLineDetails) -> NoticePayload:
    line, products = row.line, [row.product.name]
    if kind is NoticeKind.ORDER_NEEDS_CUSTOMER:
        return PaymentConfirmationPayload(subscription_id=line.subscription_id, products=products)
    payload = OrderDeclinedPayload(
        subscription_id=line.subscription_id, products=products, reason=line.reason or ""
    )
    if line.offered_amount is None or line.offered_tax is None:
        return payload
    promised = line.promised_total
    if line.reason == BALANCE_DUE_REASON:
        promised = compute_amount_limit(update.quote, update.lines, line)
    prices = {
        "promised_total": promised,
        "offered_total": line.offered_amount + line.offered_tax,
    }
    return payload.model_copy(update=prices)
