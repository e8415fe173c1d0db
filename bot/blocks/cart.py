"""The first step: choosing how many seats to add, and what stands in its way (R1-R7, R10)."""

from collections.abc import Sequence

from bot.blocks import kit, refusal, ways
from bot.blocks.kit import Block, Place, View
from bot.blocks.quote import pending_blocks, summary_text
from bot.blocks.subscription import labels, price_text
from bot.i18n import Reader, escape
from models.account import Account
from models.errors import Refusal
from models.money import Money
from models.quote import Quote
from models.sheet import CartSheet, QuoteSheet, SubscriptionRow

ACCOUNT = "cart.account"
CONTINUE = "cart.continue"
PAGE = "cart.page"
GO_ON = "cart.go_on"
EDIT = ways.EDIT_CART
BACK = "cart.back"
SAVE = "cart.save"
OPEN = ways.ADD_SEATS
WARN = ways.SHOW_WARNING
CHOOSE_VIEW = "cart.choose"
WARNING_VIEW = "cart.warning"
OBSTACLES_VIEW = "cart.obstacles"

PAGE_SIZE = 40
MOST_ACCOUNTS = 95
MOST_REMEDIES = 20


def account_chooser(reader: Reader, accounts: list[Account], place: Place, action_id: str = ACCOUNT) -> View:
    blocks = [kit.section(reader.mrkdwn("cart-choose"))]
    for account in accounts[:MOST_ACCOUNTS]:
        label = reader.text("cart-choose-label", account=account.name)
        button = kit.button(action_id, reader.text("cart-choose-button"), account.id, label=label)
        blocks.append(kit.section(reader.mrkdwn("account-name", account=account.name), button))
    if len(accounts) > MOST_ACCOUNTS:
        blocks.append(kit.section(reader.mrkdwn("cart-choose-more", count=len(accounts) - MOST_ACCOUNTS)))
    return kit.modal(CHOOSE_VIEW, reader.text("cart-choose-title"), blocks, reader, place=place)


def pending_warning(
    reader: Reader,
    sheets: list[QuoteSheet],
    place: Place,
    own: QuoteSheet | None,
    came_back: bool = False,
) -> View:
    blocks = [
        *kit.alerts([reader.text("cart-warning-changed")] if came_back else [], "warning"),
        kit.section(reader.mrkdwn("cart-warning", count=len(sheets))),
        *pending_blocks(reader, sheets),
        kit.divider(),
        *([_go_on_with(reader, own)] if own else []),
        kit.section(reader.mrkdwn("cart-warning-replace", count=len(sheets))),
        kit.actions(_continue_button(reader, place, len(sheets))),
    ]
    return kit.modal(WARNING_VIEW, reader.text("pending-quotes"), blocks, reader, place=place)


def _go_on_with(reader: Reader, own: QuoteSheet) -> Block:
    text = f"{reader.mrkdwn('cart-resume')}\n{summary_text(reader, own)}"
    return kit.section(text, ways.go_on(reader, own.quote.key, own.quote.number))


def _continue_button(reader: Reader, place: Place, count: int) -> Block:
    asks = kit.confirm(
        reader.text("cart-continue-ask", count=count),
        reader.text("cart-continue-consequence", count=count),
        reader.text("cart-continue-yes"),
        reader.text("go-back"),
    )
    return kit.button(CONTINUE, reader.text("cart-continue"), place.account, style="danger", asks=asks)


def cart_form(
    reader: Reader,
    sheet: CartSheet,
    place: Place,
    most: int,
    error: str | None = None,
    notes: Sequence[str] = (),
    *,
    services_url: str,
) -> View:
    rows = _in_order(sheet)
    page = min(place.page, pages(len(rows)) - 1)
    shown = rows[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    names = labels((row.subscription.id, row.product) for row in rows)
    intro = reader.mrkdwn("cart-intro", account=sheet.account.name, most=most)
    blocks = [
        *kit.alerts([error] if error else [], "error"),
        *kit.alerts(notes),
        kit.section(intro),
        *([_own_quote(reader, sheet.own_quote)] if sheet.own_quote else []),
        *[_row_block(reader, sheet, row, names[row.subscription.id], most) for row in shown],
        *_page_blocks(reader, page, pages(len(rows))),
        kit.actions(
            ways.back(reader, BACK, sheet.account.id),
            *([ways.services(reader, services_url)] if any(row.obstacle for row in shown) else []),
        ),
    ]
    submit = reader.text("cart-submit")
    return kit.modal(SAVE, reader.text("add-seats"), blocks, reader, place=place, submit=submit)


def page_meant(sheet: CartSheet) -> int:
    """The page of the subscription that the words after `/add-seats` mean: only a page shown is saved."""
    ids = [row.subscription.id for row in _in_order(sheet)]
    return ids.index(sheet.meant) // PAGE_SIZE if sheet.meant in ids else 0


def _in_order(sheet: CartSheet) -> list[SubscriptionRow]:
    """What can be ordered comes first."""
    return sorted(sheet.rows, key=lambda row: row.obstacle is not None)


def pages(rows: int) -> int:
    return max(1, -(-rows // PAGE_SIZE))


def _own_quote(reader: Reader, quote: Quote) -> Block:
    text = reader.mrkdwn("cart-resume-quote", number=quote.number, until=quote.expires_at)
    return kit.section(
        text, kit.button(GO_ON, reader.text("action-continue-quote", number=quote.number), quote.key)
    )


def _row_block(reader: Reader, sheet: CartSheet, row: SubscriptionRow, name: str, most: int) -> Block:
    if row.obstacle is not None:
        return kit.section(_obstacle_text(reader, row, name))
    typed = sheet.typed.get(row.subscription.id)
    return kit.input_block(
        f"seats:{row.subscription.id}",
        reader.text("cart-seats", product=name),
        # A view whose number is out of its bounds is refused by Slack.
        kit.number_input("seats", most, typed if typed is not None and 0 <= typed <= most else None),
        hint=_hint(reader, sheet, row, typed or 0),
        optional=True,
    )


def _obstacle_text(reader: Reader, row: SubscriptionRow, name: str) -> str:
    """mrkdwn: a subscription that cannot be ordered, with the reason (R2, R4)."""
    why = refusal.refusal_text(reader, row.obstacle) if row.obstacle else ""
    held = reader.mrkdwn("cart-not-orderable", product=name, seats=row.subscription.seats)
    return f"{held}\n{escape(why)}"


def _hint(reader: Reader, sheet: CartSheet, row: SubscriptionRow, typed: int) -> str:
    held = row.subscription
    price = price_text(reader, Money(held.unit_price, sheet.account.currency), held.period.value)
    facts = {"seats": held.seats, "price": price, "until": held.period_end}
    if not typed:
        return reader.text("cart-hint", **facts)
    return reader.text("cart-hint-typed", **facts, typed=typed, after=held.seats + typed)


def _page_blocks(reader: Reader, page: int, count: int) -> list[Block]:
    """Two blocks of buttons: within one, no action id may occur twice."""
    if count == 1:
        return []
    blocks = [kit.context(reader.mrkdwn("cart-page", page=page + 1, count=count))]
    if page > 0:
        blocks.append(kit.actions(kit.button(PAGE, reader.text("previous-page"), page - 1)))
    if page + 1 < count:
        blocks.append(kit.actions(kit.button(PAGE, reader.text("next-page"), page + 1)))
    return blocks


def not_eligible(
    reader: Reader,
    account: Account,
    obstacles: list[Refusal],
    place: Place,
    services_url: str,
    rows: Sequence[SubscriptionRow] = (),
) -> View:
    """Every reason at once, each with its remedy (R2-R4, R14); `rows` are the subscriptions that cannot be
    ordered, each with its own."""
    blocks = [kit.section(reader.mrkdwn("cart-not-eligible", account=account.name))]
    for obstacle in obstacles[:MOST_REMEDIES]:
        blocks.append(kit.section(f"• {escape(refusal.refusal_text(reader, obstacle))}"))
        blocks += refusal.ways_on(reader, obstacle, place, services_url)
    names = labels((row.subscription.id, row.product) for row in rows)
    texts = [_obstacle_text(reader, row, names[row.subscription.id]) for row in rows]
    blocks += kit.paragraphs(texts, reader)
    return kit.modal(OBSTACLES_VIEW, reader.text("cart-not-eligible-title"), blocks, reader, place=place)
