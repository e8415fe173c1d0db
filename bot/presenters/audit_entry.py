"""What an audit entry says: when, what, who and why (R18)."""

from collections.abc import Callable, Mapping

from bot.i18n import Localizer
from bot.presenters.decline import format_decline_reason
from bot.presenters.payment_method import format_charged_method
from models.audit.action import AuditAction
from models.audit.entry import AuditEntry
from models.receipt import ChargedMethod
from models.service_order import LineStatus

INVOICE_KEYS = ("history-invoice", "history-line-on-invoice")


def format_history_entry(
    localizer: Localizer,
    entry: AuditEntry,
    product_labels: Mapping[str, str],
    format_text: Callable[..., str],
) -> str:
    """`format_text` formats a message for the output: a screen, a Slack message or an email."""
    return format_text(
        "history-entry",
        at=entry.at,
        who=_format_actor(localizer, entry),
        what=_format_action(localizer, entry, product_labels),
        has_reason="yes" if entry.reason else "no",
        reason=_format_reason(localizer, entry),
    )


def _format_actor(localizer: Localizer, entry: AuditEntry) -> str:
    key = f"history-by-{entry.actor_kind}"
    if localizer.has_message(key):
        return localizer.format_text(key)
    # No name is left of a person who was erased.
    return entry.actor_name or localizer.format_text("someone")


def _format_action(localizer: Localizer, entry: AuditEntry, product_labels: Mapping[str, str]) -> str:
    subject = entry.audit_subject
    key = f"history-{subject.type}-{entry.action}".replace("_", "-")
    if entry.action == AuditAction.LINE:
        key = "history-line-on-invoice" if entry.details.get("on_invoice") else "history-line"
    elif entry.action == AuditAction.INVOICE:
        key = "history-invoice"
    subscription_id = str(entry.details.get("subscription", ""))
    return localizer.format_text(
        key if localizer.has_message(key) else "history-other",
        number=entry.details.get("invoice", "") if key in INVOICE_KEYS else subject.key,
        product=product_labels.get(subscription_id, subscription_id),
        status=entry.to_status or "",
        has_method="yes" if "charged_to" in entry.details else "no",
        method=_format_charged_method(localizer, entry),
    )


def _format_charged_method(localizer: Localizer, entry: AuditEntry) -> str:
    shown = entry.details.get("charged_to")
    return (
        format_charged_method(localizer, ChargedMethod.model_validate({**shown, "amount": 0}))
        if shown
        else ""
    )


def _format_reason(localizer: Localizer, entry: AuditEntry) -> str:
    # Codes have texts; what a person typed stays as it is.
    reason = entry.reason or ""
    if entry.action == AuditAction.LINE and entry.to_status == LineStatus.DECLINED:
        return format_decline_reason(localizer, reason)
    code = reason.replace("_", "-")
    key = next((k for k in (f"decline-{code}", f"history-reason-{code}") if localizer.has_message(k)), None)
    return localizer.format_text(key) if key else reason
