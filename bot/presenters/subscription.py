"""What is ahead of a subscription, in words (R27)."""

from collections.abc import Iterator

from bot.i18n import Localizer
from models.money import Money
from models.subscription.upcoming_changes import Discount, SubscriptionStatus, UpcomingChanges


def format_outlook(localizer: Localizer, outlook: UpcomingChanges, currency: str) -> list[str]:
    return list(_iter_sentences(localizer, outlook, currency))


def _iter_sentences(localizer: Localizer, outlook: UpcomingChanges, currency: str) -> Iterator[str]:
    standing = outlook.standing
    if standing is SubscriptionStatus.TRIAL:
        until = outlook.trial_ends_on
        yield localizer.format_text("upcoming-trial", until=until or "", has_until=_to_flag(until))
    elif standing is not SubscriptionStatus.ACTIVE:
        yield localizer.format_text("upcoming-standing", standing=standing.value)
    if outlook.ends_on is not None:
        yield localizer.format_text("upcoming-ends", on=outlook.ends_on)
    if outlook.collection_pause is not None:
        until = outlook.collection_pause.resumes_on
        yield localizer.format_text(
            "upcoming-collection-paused", until=until or "", has_until=_to_flag(until)
        )
    if outlook.scheduled_change is not None:
        change = outlook.scheduled_change
        yield localizer.format_text(
            "upcoming-change-scheduled", on=change.on, seats=change.seats or 0, change=change.kind
        )
    if outlook.last_billed_day is not None:
        yield localizer.format_text("upcoming-billed-ahead", last=outlook.last_billed_day)
    if outlook.charge_currency is not None:
        yield localizer.format_text("upcoming-currency-converted", currency=outlook.charge_currency)
    if outlook.is_sold_by_provider:
        yield localizer.format_text("upcoming-sold-by-provider")
    if outlook.orderable_from is not None:
        yield localizer.format_text("upcoming-orderable-from", at=outlook.orderable_from)
    if outlook.update_pending_until is not None:
        yield localizer.format_text("upcoming-update-pending", until=outlook.update_pending_until)
    if outlook.invoice_terms is not None:
        days = outlook.invoice_terms.days_until_due
        yield localizer.format_text(
            "upcoming-paid-by-invoice",
            days=days or 0,
            has_days="no" if days is None else "yes",
            differ="no",
        )
    for discount in outlook.discounts:
        yield format_discount(localizer, discount, currency)


def format_discount(localizer: Localizer, discount: Discount, currency: str) -> str:
    known = "percent" if discount.percent is not None else "amount" if discount.amount is not None else "none"
    return localizer.format_text(
        "upcoming-discount",
        name=discount.name,
        has_name=_to_flag(discount.name),
        known=known,
        percent=localizer.format_percent(discount.percent or 0),
        amount=Money(discount.amount or 0, discount.currency or currency),
        until=discount.until or "",
        has_until=_to_flag(discount.until),
    )


def _to_flag(value: object) -> str:
    return "yes" if value else "no"
