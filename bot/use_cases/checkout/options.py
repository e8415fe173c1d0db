"""What a checkout offers to choose from, and what a form must fit (R3, R11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, select

from bot.db import Session
from models.account.administrator import Administrator
from models.checkout import NEW_ADMINISTRATOR_OPTION, CheckoutForm, UnknownAdministrator
from models.details import QuoteDetails
from models.errors import InvalidInput, Refusal
from models.payment_method import MethodChoices, PaymentMethod
from models.subscription import Subscription


@dataclass(frozen=True)
class CheckoutOptions:
    """`administrators` may include former ones."""

    administrators: Sequence[Administrator]
    methods: MethodChoices
    needs_po_number: bool

    @property
    def active_administrators(self) -> list[Administrator]:
        return [administrator for administrator in self.administrators if administrator.active]


async def load_options(session: Session, details: QuoteDetails, at: datetime) -> CheckoutOptions:
    account = details.account
    administrators = await session.exec(
        select(Administrator)
        .where(Administrator.account_id == account.id)
        .order_by(Administrator.name, Administrator.email)
    )
    methods = await _load_method_choices(session, details, at)
    return CheckoutOptions(administrators.all(), methods, account.po_number_required)


async def _load_method_choices(session: Session, details: QuoteDetails, at: datetime) -> MethodChoices:
    # In one query, with a row for each line and payment method: there are few of both.
    result = await session.exec(
        select(Subscription, PaymentMethod)
        .outerjoin(
            PaymentMethod,
            and_(
                col(PaymentMethod.account_id) == Subscription.account_id,
                col(PaymentMethod.active),
            ),
        )
        .where(col(Subscription.id).in_([row.line.subscription_id for row in details.rows]))
        .order_by(col(Subscription.id), col(PaymentMethod.is_default).desc(), col(PaymentMethod.id))
    )
    rows = result.all()
    return MethodChoices.build(
        {method.id: method for _, method in rows if method}.values(),
        {subscription.id: subscription for subscription, _ in rows}.values(),
        details.account.get_local_date(at),
    )


def find_chosen_administrator(
    administrators: Sequence[Administrator], form: CheckoutForm
) -> Administrator | None:
    new = form.new_administrator
    if new is not None:
        return next((a for a in administrators if a.email == new[1]), None)
    return next(a for a in administrators if str(a.id) == form.administrator)


def check_form(options: CheckoutOptions, form: CheckoutForm, typed: CheckoutForm | None = None) -> None:
    """`typed` is the part of the form that was on the screen."""
    options.methods.check_default()
    errors: dict[str, Refusal] = {}
    known = {str(a.id) for a in options.active_administrators}
    if form.administrator != NEW_ADMINISTRATOR_OPTION and form.administrator not in known:
        errors["administrator"] = UnknownAdministrator()
    try:
        options.methods.choose(form.payment_method)
    except Refusal as refusal:
        errors["payment_method"] = refusal
    for check in (
        lambda: typed.check_address_fields() if typed else None,
        lambda: form.new_administrator,
        lambda: form.address,
        lambda: form.get_po_number(required=options.needs_po_number),
    ):
        try:
            check()
        except InvalidInput as error:
            errors.update(error.errors)
    if errors:
        raise InvalidInput(errors)
