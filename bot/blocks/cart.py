"""The first step: the number of seats to add, and what can prevent that (R1-R7, R10)."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation, refusal
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.quote import build_pending_quote_blocks, format_quote_summary
from bot.blocks.subscription import format_seats
from bot.i18n import Localizer, escape_mrkdwn
from bot.presenters.product import make_product_labels
from bot.presenters.quote import build_validity_arguments
from bot.presenters.seat_price import format_seat_price
from bot.presenters.subscription import format_outlook
from models.account import Account
from models.details import CartPage, QuoteDetails, RepeatedOrder, RepeatedSeats, SubscriptionDetails
from models.errors import Refusal
from models.quote import Quote

CHOOSE_ACCOUNT = "cart.account"
CONTINUE_TO_CART = "cart.continue"
CHANGE_PAGE = "cart.page"
CONTINUE_TO_QUOTE = "cart.go_on"
EDIT = navigation.EDIT_CART
BACK = "cart.back"
SAVE = "cart.save"
OPEN = navigation.ADD_SEATS
REPEAT = navigation.REPEAT_ORDER
SHOW_WARNING = navigation.SHOW_WARNING
ACCOUNT_CHOICE_VIEW = "cart.choose"
WARNING_VIEW = "cart.warning"
BLOCKED_VIEW = "cart.blocked"

PAGE_SIZE = 40
MAX_ACCOUNTS = 95
MAX_REFUSALS = 20
MAX_UNPARSED = 5
MAX_MISSING = 20


def render_account_choice_modal(
    localizer: Localizer, accounts: list[Account], metadata: ModalMetadata, action_id: str = CHOOSE_ACCOUNT
) -> View:
    blocks = [block_kit.build_section(localizer.format_mrkdwn("cart-choose"))]
    for account in accounts[:MAX_ACCOUNTS]:
        label = localizer.format_text("cart-choose-label", account=account.name)
        button = block_kit.build_button(
            action_id, localizer.format_text("cart-choose-button"), account.id, accessibility_label=label
        )
        blocks.append(
            block_kit.build_section(localizer.format_mrkdwn("account-name", account=account.name), button)
        )
    if len(accounts) > MAX_ACCOUNTS:
        blocks.append(
            block_kit.build_section(
                localizer.format_mrkdwn("cart-choose-more", count=len(accounts) - MAX_ACCOUNTS)
            )
        )
    return block_kit.build_modal(
        ACCOUNT_CHOICE_VIEW, localizer.format_text("cart-choose-title"), blocks, localizer, metadata=metadata
    )


def render_pending_quotes_modal(
    localizer: Localizer,
    quotes: list[QuoteDetails],
    metadata: ModalMetadata,
    own_quote: QuoteDetails | None,
    has_new_quotes: bool = False,
) -> View:
    blocks = [
        *block_kit.build_alerts(
            [localizer.format_text("cart-warning-changed")] if has_new_quotes else [], "warning"
        ),
        block_kit.build_section(localizer.format_mrkdwn("cart-warning", count=len(quotes))),
        *build_pending_quote_blocks(localizer, quotes),
        block_kit.build_divider(),
        *([_build_own_quote_section(localizer, own_quote)] if own_quote else []),
        block_kit.build_section(localizer.format_mrkdwn("cart-warning-replace", count=len(quotes))),
        block_kit.build_actions(_build_continue_button(localizer, metadata, len(quotes))),
    ]
    return block_kit.build_modal(
        WARNING_VIEW, localizer.format_text("pending-quotes"), blocks, localizer, metadata=metadata
    )


def _build_own_quote_section(localizer: Localizer, own_quote: QuoteDetails) -> Block:
    text = f"{localizer.format_mrkdwn('cart-resume')}\n{format_quote_summary(localizer, own_quote)}"
    return block_kit.build_section(
        text, navigation.build_continue_quote_button(localizer, own_quote.quote.key, own_quote.quote.number)
    )


def _build_continue_button(localizer: Localizer, metadata: ModalMetadata, count: int) -> Block:
    confirm = block_kit.build_confirm_dialog(
        localizer.format_text("cart-continue-ask", count=count),
        localizer.format_text("cart-continue-consequence", count=count),
        localizer.format_text("cart-continue-yes"),
        localizer.format_text("go-back"),
    )
    return block_kit.build_button(
        CONTINUE_TO_CART,
        localizer.format_text("cart-continue"),
        metadata.account,
        confirm=confirm,
    )


def render_cart_modal(
    localizer: Localizer,
    cart_page: CartPage,
    metadata: ModalMetadata,
    max_seats: int,
    *,
    services_url: str,
) -> View:
    rows = _sort_orderable_first(cart_page)
    page = min(metadata.page, count_pages(len(rows)) - 1)
    page_rows = rows[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    names = make_product_labels((row.subscription.id, row.product) for row in rows)
    intro = localizer.format_mrkdwn("cart-intro", account=cart_page.account.name, most=max_seats)
    unparsed = [refusal.format_refusal(localizer, one) for one in cart_page.unparsed[:MAX_UNPARSED]]
    blocks = [
        *block_kit.build_alerts(dict.fromkeys(unparsed), "warning"),
        *_build_repeated_alerts(localizer, cart_page.repeated),
        block_kit.build_section(intro),
        *(
            [_build_saved_quote_section(localizer, cart_page.account, cart_page.own_quote)]
            if cart_page.own_quote
            else []
        ),
        *[
            _build_subscription_block(localizer, cart_page, row, names[row.subscription.id], max_seats)
            for row in page_rows
        ],
        *_build_page_blocks(localizer, page, count_pages(len(rows))),
        block_kit.build_actions(
            navigation.build_back_button(localizer, BACK, cart_page.account.id),
            *(
                [navigation.build_contact_services_button(localizer, services_url)]
                if any(row.refusal for row in page_rows)
                else []
            ),
        ),
    ]
    submit = localizer.format_text("cart-submit")
    return block_kit.build_modal(
        SAVE, localizer.format_text("add-seats"), blocks, localizer, metadata=metadata, submit_label=submit
    )


def _build_repeated_alerts(localizer: Localizer, repeated: RepeatedOrder | None) -> list[Block]:
    """Says which seats of an earlier order are in the form and which are not, and what the cart contained
    before."""
    if repeated is None:
        return []
    intro = localizer.format_text(
        "cart-repeat", number=repeated.number, has_seats="yes" if repeated.repeated else "no"
    )
    missing = [
        localizer.format_text(
            "cart-repeat-missing",
            product=seats.row.product.name,
            seats=seats.seats,
            reason=refusal.format_refusal(localizer, reason),
        )
        for seats, reason in repeated.missing[:MAX_MISSING]
    ]
    in_cart = [
        localizer.format_text(key, seats=_format_seats(localizer, seats))
        for key, seats in (("cart-repeat-kept", repeated.kept), ("cart-repeat-replaced", repeated.replaced))
        if seats
    ]
    return [*block_kit.build_alerts([intro]), *block_kit.build_alerts([*missing, *in_cart], "warning")]


def _format_seats(localizer: Localizer, seats: Sequence[RepeatedSeats]) -> str:
    return format_seats(localizer, [(each.seats, each.row.product) for each in seats])


def get_requested_page(cart_page: CartPage) -> int:
    """Returns the page of the subscription named after `/add-seats`; only the page on screen is saved."""
    ids = [row.subscription.id for row in _sort_orderable_first(cart_page)]
    return (
        ids.index(cart_page.preselected_subscription_id) // PAGE_SIZE
        if cart_page.preselected_subscription_id in ids
        else 0
    )


def _sort_orderable_first(cart_page: CartPage) -> list[SubscriptionDetails]:
    return sorted(cart_page.rows, key=lambda row: row.refusal is not None)


def count_pages(row_count: int) -> int:
    return max(1, -(-row_count // PAGE_SIZE))


def _build_saved_quote_section(localizer: Localizer, account: Account, quote: Quote) -> Block:
    validity = build_validity_arguments(account, quote.expires_at)
    text = localizer.format_mrkdwn("cart-resume-quote", number=quote.number, **validity)
    return block_kit.build_section(
        text,
        block_kit.build_button(
            CONTINUE_TO_QUOTE, localizer.format_text("action-continue-quote", number=quote.number), quote.key
        ),
    )


def _build_subscription_block(
    localizer: Localizer, cart_page: CartPage, row: SubscriptionDetails, name: str, max_seats: int
) -> Block:
    if row.refusal is not None:
        return block_kit.build_section(_format_row_refusal(localizer, row, name))
    added_seats = cart_page.seat_inputs.get(row.subscription.id)
    is_valid = added_seats is not None and 0 <= added_seats <= max_seats
    return block_kit.build_input(
        f"seats:{row.subscription.id}",
        localizer.format_text("cart-seats", product=name),
        # Slack rejects a view with an initial value out of its bounds.
        block_kit.build_number_input("seats", max_seats, added_seats if is_valid else None),
        hint=_format_seats_hint(localizer, cart_page, row, added_seats or 0),
        optional=True,
    )


def _format_row_refusal(localizer: Localizer, row: SubscriptionDetails, name: str) -> str:
    """mrkdwn: a subscription that seats cannot be added to, and the reason (R2, R4)."""
    reason = refusal.format_refusal(localizer, row.refusal) if row.refusal else ""
    heading = localizer.format_mrkdwn(
        "cart-not-orderable",
        product=name,
        seats=row.subscription.seats,
        has_seats="no" if row.subscription.pricing.is_by_usage else "yes",
    )
    return f"{heading}\n{escape_mrkdwn(reason)}"


def _format_seats_hint(
    localizer: Localizer, cart_page: CartPage, row: SubscriptionDetails, added_seats: int
) -> str:
    subscription = row.subscription
    price = format_seat_price(localizer, subscription, cart_page.account.currency)
    values = {"seats": subscription.seats, "price": price, "until": subscription.last_day}
    hint = localizer.format_text(
        "cart-hint-typed" if added_seats else "cart-hint",
        **values,
        typed=added_seats,
        after=subscription.seats + added_seats,
    )
    notes = format_outlook(localizer, subscription.outlook, cart_page.account.currency)
    return " · ".join([hint, *notes])


def _build_page_blocks(localizer: Localizer, page: int, count: int) -> list[Block]:
    if count == 1:
        return []
    labels = localizer.format_text("previous-page"), localizer.format_text("next-page")
    return [
        block_kit.build_context(localizer.format_mrkdwn("cart-page", page=page + 1, count=count)),
        *block_kit.build_page_buttons(CHANGE_PAGE, page, count, *labels),
    ]


def render_cart_blocked_modal(
    localizer: Localizer,
    account: Account,
    refusals: list[Refusal],
    metadata: ModalMetadata,
    services_url: str,
    rows: Sequence[SubscriptionDetails] = (),
) -> View:
    """Shows all reasons at once, with their remedies (R2-R4, R14). `rows` are the blocked subscriptions."""
    blocks = [block_kit.build_section(localizer.format_mrkdwn("cart-not-eligible", account=account.name))]
    shown = refusals[:MAX_REFUSALS]
    blocks += [
        block_kit.build_section(f"• {escape_mrkdwn(refusal.format_refusal(localizer, each))}")
        for each in shown
    ]
    names = make_product_labels((row.subscription.id, row.product) for row in rows)
    texts = [_format_row_refusal(localizer, row, names[row.subscription.id]) for row in rows]
    blocks += block_kit.build_paragraphs(texts, localizer)
    blocks += refusal.build_refusal_actions(localizer, shown, metadata, services_url)
    return block_kit.build_modal(
        BLOCKED_VIEW, localizer.format_text("cart-not-eligible-title"), blocks, localizer, metadata=metadata
    )
