"""People: what they click next, depending on what they were shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.billing.gateway import BillingUnavailable, MixedPricesUnsupported
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from bot.use_cases.account import overview, portal
from bot.use_cases.cart import open as cart_open
from bot.use_cases.cart import save as cart_save
from bot.use_cases.checkout.open import begin_checkout, open_checkout, save_checkout_draft, update_checkout
from bot.use_cases.checkout.save import save_checkout
from bot.use_cases.quote.decide import reject_quote
from bot.use_cases.quote.read import list_quotes
from bot.use_cases.service_order import place as place_order
from bot.use_cases.service_order import read as read_order
from bot.use_cases.service_order import retry as retry_order
from models.account.billing_contact import IdentityNotFresh, NotABillingContact, NotAllowed
from models.checkout import NEW_ADMINISTRATOR_OPTION, CheckoutForm
from models.details import CartPage, CheckoutPage, OrderDetails, PlacementPage, QuoteDetails
from models.errors import Refusal
from models.quote import QuotesPending

RETRYABLE_REFUSALS = (BillingUnavailable, IdentityNotFresh, MixedPricesUnsupported)
FINAL_REFUSALS = (NotABillingContact, NotAllowed)


@dataclass(frozen=True, eq=False)
class Click:
    """A click of `user` on the button, or submit of the form, of the route `name`."""

    name: str
    user: str
    use_case: Callable[..., Awaitable[Any]] = field(repr=False)
    arguments: dict[str, Any]

    async def run(self, dependencies: Dependencies, person: SlackIdentity) -> Any:
        return await self.use_case(dependencies, person=person, **self.arguments)

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments.items() if name != "form")
        return f"{self.user} {self.name}({given})"


class Shopper:
    """A contact who buys, from `/add-seats` to the end of the order."""

    def __init__(self, random: Random, user: str, account: str, subscriptions: list[str]) -> None:
        self._random, self.user, self.account, self._subscriptions = random, user, account, subscriptions
        self.stage = "open"
        self.quote = 0
        self.order = 0
        self._form = CheckoutForm()
        self._typed: dict[str, str] = {}
        self._pending: list[int] = []
        # The next click at each stage; none at `done`.
        self._steps: dict[str, Callable[[], Click]] = {
            "open": self._open_cart,
            "warned": self._click_on_warning,
            "warning closed": self._reopen_warning,
            "fill": self._fill_cart,
            "review": self._review_quote,
            "checkout": self._fill_checkout,
            "place": self._place_order,
            "ordered": self._click_on_order,
            "retry": self._retry_order,
            "portal": self._click_on_portal,
        }

    def choose_click(self) -> Click | None:
        step = self._steps.get(self.stage)
        return step() if step else None

    def _click(self, name: str, use_case: Callable[..., Awaitable[Any]], **given: Any) -> Click:
        return Click(name, self.user, use_case, given)

    def _choose(self, *choices: Callable[[], Click]) -> Click:
        return self._random.choice(choices)()

    # --- the steps

    def _open_cart(self) -> Click:
        command_text = self._random.choice(("", "", "", "", "webinar 3", "meeting"))
        if self._random.random() < 0.5:
            return self._click("cart.edit", cart_open.load_cart_page, account_id=self.account)
        return self._click(
            "cart.open", cart_open.open_cart, account_id=self.account, command_text=command_text
        )

    def _click_on_warning(self) -> Click:
        chosen = self._random.choice(self._pending) if self._pending else self.quote
        return self._choose(
            lambda: self._click(
                "quote.replace",
                cart_open.record_consent_to_replace,
                account_id=self.account,
                quote_ids=tuple(self._pending),
            ),
            lambda: self._click(
                "quote.replace",
                cart_open.record_consent_to_replace,
                account_id=self.account,
                quote_ids=tuple(self._pending),
            ),
            lambda: self._click("quote.reject", reject_quote, quote_id=chosen, reason="Too dear."),
            lambda: self._click("checkout.begin", begin_checkout, quote_id=chosen),
        )

    def _reopen_warning(self) -> Click:
        return self._click("quote.warn", cart_open.load_pending_quotes_warning, account_id=self.account)

    def _fill_cart(self) -> Click:
        if not self._typed or self._random.random() < 0.2:
            chosen = self._random.sample(
                self._subscriptions, self._random.randint(1, len(self._subscriptions))
            )
            self._typed = {s: str(self._random.randint(1, 5)) for s in sorted(chosen)}
        given = {"account_id": self.account, "seat_inputs": dict(self._typed)}
        if self._random.random() < 0.1:
            return self._click("cart.keep", cart_open.save_cart_draft, **given)
        return self._click("cart.save", cart_save.save_cart, **given)

    def _review_quote(self) -> Click:
        chance = self._random.random()
        if chance < 0.08:
            self.stage = "fill"
            return self._click("quote.list", list_quotes, account_id=self.account)
        if chance < 0.14:
            return self._click("quote.reject", reject_quote, quote_id=self.quote, reason=None)
        if chance < 0.4:
            return self._click("checkout.open", open_checkout, quote_id=self.quote)
        return self._click("checkout.begin", begin_checkout, quote_id=self.quote)

    def _fill_checkout(self) -> Click:
        changes: dict[str, str] = {}
        if self._random.random() < 0.2:
            changes |= {"country": "DE", "city": "Berlin"}
        if self._random.random() < 0.2:
            changes |= {
                "administrator": NEW_ADMINISTRATOR_OPTION,
                "admin_name": "Nora",
                "admin_email": "nora@acme.example",
            }
        if self._random.random() < 0.2:
            changes |= {"payment_method": "pm_2"}
        form = self._form.model_copy(update=changes)
        chance = self._random.random()
        if chance < 0.1:
            return self._click("checkout.keep", save_checkout_draft, quote_id=self.quote, form=form)
        if chance < 0.15:
            return self._click("checkout.update", update_checkout, quote_id=self.quote, form=form)
        return self._click("checkout.save", save_checkout, quote_id=self.quote, form=form)

    def _place_order(self) -> Click:
        return self._click("service_order.place", place_order.place_service_order, quote_id=self.quote)

    def _click_on_order(self) -> Click:
        return self._choose(
            lambda: self._click("service_order.open", read_order.get_order, order_id=self.order),
            lambda: self._click("service_order.open_retry", retry_order.open_retry, order_id=self.order),
            lambda: self._click("service_order.open_retry", retry_order.open_retry, order_id=self.order),
            lambda: self._click("account.open", overview.get_account_overview, account_id=self.account),
            lambda: self._click("home.open", overview.load_home_overviews),
        )

    def _retry_order(self) -> Click:
        self.stage = "ordered"
        if self._random.random() < 0.3:
            return self._click(
                "service_order.give_up", retry_order.cancel_declined_seats, order_id=self.order
            )
        return self._click(
            "service_order.retry",
            retry_order.retry_service_order,
            order_id=self.order,
            payment_method_id=self._random.choice(("pm_1", "pm_1", "pm_2", "pm_old")),
        )

    def _click_on_portal(self) -> Click:
        self.stage = "open"
        return self._choose(
            lambda: self._click("portal.open", portal.open_portal, account_id=self.account),
            lambda: self._click("portal.switch", portal.switch_portal, account_id=self.account),
            lambda: self._click("portal.switch", portal.switch_portal, account_id=self.account),
        )

    # --- what they are shown

    def handle_answer(self, answer: object) -> None:
        match answer:
            case cart_open.PendingQuotesWarning(pending_quotes=pending, own_quote=own):
                self._pending = [details.quote.key for details in pending]
                self.quote = own.quote.key if own else self.quote
                self.stage = "warned" if pending else "review" if own else "fill"
            case cart_open.CartBlocked():
                self.stage = self._random.choice(("done", "portal"))
            case CartPage():
                self.stage = "fill"
            case QuoteDetails(quote=made) if made.is_pending(answer.at):
                self.quote, self.stage = made.key, "review"
            case CheckoutPage(form=form):
                self._form, self.stage = form, "checkout"
                self.quote = answer.quote.quote.key
            case PlacementPage():
                self.quote, self.stage = answer.quote.quote.key, "place"
            case OrderDetails():
                self._handle_order(answer)
            case (OrderDetails() as details, _):
                self.order, self.stage = details.order.key, "retry"
            case None if self.stage == "warned":
                self.stage = "fill"

    def _handle_order(self, details: OrderDetails) -> None:
        self.order, self.stage = details.order.key, "ordered"
        self._typed = {}
        if details.order.is_finished:
            self.stage = "open"

    def handle_refusal(self, refusal: Refusal) -> None:
        if isinstance(refusal, FINAL_REFUSALS):
            self.stage = "done"
        elif isinstance(refusal, QuotesPending):
            self.stage = "warning closed"
        elif not isinstance(refusal, RETRYABLE_REFUSALS) and self.stage not in ("ordered", "fill"):
            self.stage = self._random.choice(("open", "open", "portal"))
        elif self.stage == "fill" and not isinstance(refusal, RETRYABLE_REFUSALS):
            self._typed = {}
