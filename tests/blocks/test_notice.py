"""What the notices say, and that Slack takes every one of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.blocks.notice import render_notice_message
from bot.i18n import Localizer, escape_mrkdwn
from bot.messaging.messenger import OutboundMessage
from bot.use_cases.delivery.content.order_message import IS_RESOLVED
from bot.use_cases.delivery.digest import MAX_DIGEST_NOTICES
from models.details import OrderLineDetails
from models.notice import NoticeKind
from models.notice.payloads import OrderDeclinedPayload, PaymentConfirmationPayload
from models.quote import QuoteStatus
from models.service_order import LineStatus, OrderStatus
from tests.blocks import sample_messages, samples
from tests.blocks.limits import as_written, check, list_buttons, list_cell_texts, list_texts
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import AT, LONGEST, USUAL, Size

URL = "https://services.example/help"


def render(message: OutboundMessage) -> dict[str, Any]:
    content = render_notice_message(message, URL)
    check({"type": "message", "blocks": content["blocks"]})
    assert len(content["blocks"]) <= 50
    assert 1 <= len(content["text"]) <= 4000
    return content


def ids(content: dict[str, Any]) -> list[str]:
    return [button["action_id"] for button in list_buttons(content)]


@pytest.mark.parametrize("size", [USUAL, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("to", ["contact", "channel", "services"])
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_is_a_message_that_slack_takes(
    kind: NoticeKind, to: str, size: Size, reader: Localizer
) -> None:
    render(make_message(kind, reader, size, to))


# What can be read in these blocks is the text of each: any other kind in a message asks for a look at this.
READ_IN_MESSAGES = {"section", "actions", "context", "header", "divider", "table"}


def samples_of(kind: NoticeKind, reader: Localizer) -> Iterator[OutboundMessage]:
    """The notice to everybody, of every size, with amounts or without; at every step, however decided."""
    for to in ("contact", "channel", "services"):
        for size in (USUAL, Size(rows=40), LONGEST):
            for amounts in (True, False):
                yield make_message(kind, reader, size, to, shows_amounts=amounts)
    if kind is NoticeKind.ORDER_HISTORY:
        for step in sample_messages.STEPS:
            yield make_message(
                kind,
                reader,
                to="channel",
                payload=sample_messages.make_payload(NoticeKind.ORDER_HISTORY, step=step),
            )
    if kind.value.startswith("quote"):
        for status in (QuoteStatus.ACCEPTED, QuoteStatus.REJECTED, QuoteStatus.EXPIRED):
            for replaced in (True, False):
                yield make_message(kind, reader, quote=samples.make_decided_quote(status, replaced=replaced))
    if kind.value.startswith("order"):
        for order_status in OrderStatus:
            details = replace(
                sample_messages.make_completed_order(), order=samples.make_service_order(status=order_status)
            )
            yield make_message(kind, reader, order=details)


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_text_says_all_that_the_blocks_say(kind: NoticeKind, reader: Localizer) -> None:
    """Screen readers hear nothing else. The headings of a table and its empty cells say nothing."""
    for message in samples_of(kind, reader):
        content = render(message)
        assert {block["type"] for block in content["blocks"]} <= READ_IN_MESSAGES
        heard = content["text"].replace("*", "")
        for line in lines_read(content["blocks"]):
            assert line in heard, f"{line!r} is not in {heard!r}"


def lines_read(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        for text in block_texts(block):
            yield from as_written(text).replace("*", "").split("\n")


def block_texts(block: dict[str, Any]) -> list[str]:
    if block["type"] == "actions":
        return [element["text"]["text"] for element in block["elements"]]
    if block["type"] == "table":
        cells = [text for row in block["rows"][1:] for cell in row for text in list_cell_texts(cell)]
        return [escape_mrkdwn(text) for text in cells if text != "–"]
    return list(list_texts(block))


@pytest.mark.parametrize("kind", NoticeKind)
def test_nothing_that_people_wrote_can_call_a_channel(kind: NoticeKind, reader: Localizer) -> None:
    content = render(make_message(kind, reader))
    assert "<!" not in as_written("".join([content["text"], *list_texts(content["blocks"])]))


def test_times_are_in_the_viewers_zone_with_a_fallback_in_the_recipients(english: Localizer) -> None:
    """R22, R25: in a channel many read the same message."""
    content = render(make_message(NoticeKind.ORDER_STATUS, english, to="channel"))
    placed_at = int((AT - timedelta(hours=1)).timestamp())
    token = f"<!date^{placed_at}^{{date_short}}, {{time}}|10 Nov 2026, 09:00 (CET)>"
    assert f"Placed by Alice 0 on {token}" in "".join(list_texts(content["blocks"]))
    assert "Placed by Alice 0 on 10 Nov 2026, 09:00 (CET)" in content["text"]
    assert "<!date" not in content["text"]


@pytest.mark.parametrize("size", [USUAL, LONGEST], ids=["usual", "longest"])
def test_a_digest_has_a_line_for_each_of_its_notices_however_long_their_names(
    size: Size, reader: Localizer
) -> None:
    kinds = (NoticeKind.ORDER_PLACED, NoticeKind.ORDER_QUEUED, NoticeKind.RECEIPT, NoticeKind.QUOTE_DECIDED)
    parts = [make_message(kind, reader, size) for kind in (*kinds, *kinds, *kinds[:2])]
    assert len(parts) == MAX_DIGEST_NOTICES
    content = render(replace(parts[0], digest_items=tuple(parts)))
    assert content["text"].count("\n• ") == MAX_DIGEST_NOTICES
    seen = "\n".join(as_written(text) for text in list_texts(content["blocks"]))
    assert seen.count("\n• ") == MAX_DIGEST_NOTICES
    assert "10 nov. 2026" in seen or "10 Nov 2026" in seen
    assert ids(content) == ["service_order.list", "quote.list", "notification_preferences.open"]


def test_a_reminder_says_in_a_digest_by_when_to_decide(english: Localizer) -> None:
    part = make_message(NoticeKind.QUOTE_REMINDER, english)
    assert part.quote
    content = render(replace(part, digest_items=(part,)))
    assert f"expires on {english.format_datetime(part.quote.quote.expires_at)}" in content["text"]


def standing(english: Localizer, *rows: OrderLineDetails, **changes: Any) -> str:
    details = replace(samples.make_order_details(*rows), **changes)
    return str(render(make_message(NoticeKind.ORDER_STATUS, english, to="channel", order=details))["text"])


def test_r25_the_status_message_says_what_happens_next_and_by_when(english: Localizer) -> None:
    charging = samples.make_order_line_details(0, LineStatus.CHARGING)
    declined = samples.make_order_line_details(1, LineStatus.DECLINED, reason="card_declined")
    customer = samples.make_order_line_details(0, LineStatus.NEEDS_CUSTOMER)
    waiting = replace(samples.make_order_line_details(0, LineStatus.WAITING), blocking_order_number="SO-1001")
    promise = "until 11 Nov 2026, 09:00 (CET) at the latest"
    assert promise in standing(english, charging)
    assert "once service order SO-1001 is done, by 11 Nov 2026, 09:00 (CET) at the latest" in standing(
        english, waiting
    )
    assert "needs to decide by 11 Nov 2026, 08:00 (CET)" in standing(english, charging, declined)
    assert "needs to confirm the payment by 10 Nov 2026, 10:20 (CET)" in standing(english, customer)
    late = standing(english, charging, at=AT + timedelta(days=2))
    assert "was due by 11 Nov 2026, 09:00 (CET) and is still in progress" in late
    assert promise not in late
    failed = standing(english, declined, order=samples.make_service_order(status=OrderStatus.FAILED))
    assert "Nothing was billed and no seats were added" in failed
    assert URL in failed


@pytest.mark.parametrize("kind", NoticeKind)
def test_r25_a_channel_sees_amounts_only_where_the_account_wants_them(
    kind: NoticeKind, reader: Localizer
) -> None:
    assert "€" not in render(make_message(kind, reader, to="channel"))["text"]


@pytest.mark.parametrize("step", sample_messages.STEPS)
def test_every_step_of_the_history_has_a_line(step: str, reader: Localizer) -> None:
    message = make_message(
        NoticeKind.ORDER_HISTORY,
        reader,
        to="channel",
        payload=sample_messages.make_payload(NoticeKind.ORDER_HISTORY, step=step),
    )
    content = render(message)
    assert len(content["blocks"]) == 1
    assert content["text"].startswith("10 ")
    assert not content["text"].endswith(f": {step}") or step in ("completed", "failed", "overdue")


def test_the_status_message_names_number_products_seats_and_status(english: Localizer) -> None:
    message = make_message(NoticeKind.ORDER_STATUS, english, to="channel")
    text = render(message)["text"]
    assert text.startswith("Service order SO-1007: Action needed\n")
    assert "• GoTo Meeting: 1 new seat – queued behind service order SO-1001" in text
    assert "• GoTo Training: 3 new seats – charged, seats added" in text
    assert "Product 3: 1 new seat – declined: the card was declined" in text
    assert "Placed by Alice 0 on 10 Nov 2026, 09:00 (CET), from quote SQ-1001" in text
    assert "by 11 Nov 2026, 09:00 (CET) at the latest" in text


def test_the_status_message_in_french_uses_the_portals_words() -> None:
    message = make_message(NoticeKind.ORDER_STATUS, Localizer("fr-FR", "Europe/Paris"), to="channel")
    text = render(message)["text"].replace("\u00a0", " ")
    assert text.startswith("Commande de Service SO-1007 : Action requise\n")
    assert "• GoTo Training : 3 nouveaux postes – débit effectué, postes ajoutés" in text
    assert "à partir du devis SQ-1001" in text


def test_r12_the_confirmation_of_an_order_says_by_when_and_how_much(english: Localizer) -> None:
    order = samples.make_order_details()
    text = render(make_message(NoticeKind.ORDER_PLACED, english, order=order))["text"]
    assert "Your service order SO-1007 for Acme &amp; Söhne SA has been placed" in text
    assert "Tax: €4.00\nTotal: €24.00" in text
    assert "until 11 Nov 2026, 09:00 (CET) at the latest" in text


def test_a_declined_payment_asks_to_try_again_or_cancel(english: Localizer) -> None:
    content = render(make_message(NoticeKind.ORDER_DECLINED, english))
    assert "Try again with this or another payment method by 11 Nov 2026, 08:00 (CET)" in content["text"]
    assert ids(content) == ["service_order.retry", "service_order.give_up", "service_order.open"]
    assert {button["value"] for button in list_buttons(content)} == {"7"}
    assert list_buttons(content)[1]["confirm"]["deny"]["text"] == "Go back"


def test_r14_a_declined_payment_that_cannot_be_tried_again_leads_to_account_services(
    english: Localizer,
) -> None:
    rows = samples.make_order_line_details(0, LineStatus.DECLINED, reason="card_declined")
    details = replace(samples.make_order_details(rows), at=AT.replace(day=12))
    content = render(make_message(NoticeKind.ORDER_DECLINED, english, order=details))
    assert ids(content) == ["service_order.open"]
    assert URL in content["text"]


def test_a_declined_payment_that_settled_meanwhile_asks_for_nothing(english: Localizer) -> None:
    content = render(
        make_message(
            NoticeKind.ORDER_DECLINED, english, order=sample_messages.make_completed_order(Size(rows=2))
        )
    )
    assert "service_order.retry" not in ids(content)


def test_a_declined_payment_asks_about_its_own_line_whatever_the_others_need(english: Localizer) -> None:
    """What an earlier version stored does not say which line it is about: it asks while any needs it."""
    rows = [
        samples.make_order_line_details(0, LineStatus.SETTLED),
        samples.make_order_line_details(1, LineStatus.DECLINED, reason="card_declined"),
    ]
    details = samples.make_order_details(*rows)
    settled_id, declined_id = (row.line.subscription_id for row in rows)
    for subscription_id, asks in ((settled_id, False), (declined_id, True), ("", True)):
        payload = OrderDeclinedPayload(subscription_id=subscription_id, products=["GoTo Meeting"])
        message = make_message(NoticeKind.ORDER_DECLINED, english, order=details)
        content = render(replace(message, payload=payload))
        assert ("service_order.retry" in ids(content)) is asks
        assert ("no longer needs an answer" in content["text"]) is not asks
        assert IS_RESOLVED[NoticeKind.ORDER_DECLINED](details, payload) is not asks
    assert OrderDeclinedPayload.model_validate({"products": ["GoTo Meeting"]}) == payload


def test_the_reason_of_a_decline_is_said_unless_its_own_line_says_it(english: Localizer) -> None:
    """That another product was declined for it says nothing about this one."""
    rows = [
        samples.make_order_line_details(0, LineStatus.DECLINED, reason="card_declined"),
        samples.make_order_line_details(1, LineStatus.DECLINED, reason="period_ended"),
    ]
    message = make_message(NoticeKind.ORDER_DECLINED, english, order=samples.make_order_details(*rows))
    for row, is_said in zip(rows, (False, True), strict=True):
        payload = OrderDeclinedPayload(
            subscription_id=row.line.subscription_id, products=["GoTo Meeting"], reason="card_declined"
        )
        text = render(replace(message, payload=payload))["text"]
        assert ("Reason: the card was declined" in text) is is_said
        assert "declined: the card was declined" in text


def test_the_link_to_confirm_a_payment_is_for_the_person_alone(english: Localizer) -> None:
    kind = NoticeKind.ORDER_NEEDS_CUSTOMER
    personal = render(make_message(kind, english))
    assert list_buttons(personal)[0]["url"] == "https://bank.example/confirm"
    assert "by 10 Nov 2026, 10:20 (CET)" in personal["text"]
    channel = render(make_message(kind, english, to="channel"))
    assert "bank.example" not in str(channel)
    assert ids(channel) == ["service_order.open"]


def test_a_single_button_stands_beside_that_of_the_order_and_several_above_it(english: Localizer) -> None:
    for rows, expected in ((1, [2]), (2, [1, 1, 1])):
        lines = [samples.make_order_line_details(n, LineStatus.NEEDS_CUSTOMER) for n in range(rows)]
        message = make_message(
            NoticeKind.ORDER_NEEDS_CUSTOMER, english, order=samples.make_order_details(*lines)
        )
        payload = PaymentConfirmationPayload(products=["GoTo Meeting"])
        content = render(replace(message, payload=payload))
        shown = [block["elements"] for block in content["blocks"] if block["type"] == "actions"]
        assert [len(buttons) for buttons in shown] == expected


def test_r21_account_services_get_the_whole_story_of_an_overdue_order(english: Localizer) -> None:
    content = render(make_message(NoticeKind.ORDER_OVERDUE, english, to="services"))
    for part in ("SO-1007", "SQ-1001", "Acme &amp; Söhne SA (acme)", "Alice 0, alice0@acme.example"):
        assert part in content["text"]
    assert "declined" in content["text"].partition("History so far:")[2]
    assert ids(content) == []


def test_r13_a_receipt_says_what_was_bought_what_it_cost_and_what_was_not(english: Localizer) -> None:
    text = render(make_message(NoticeKind.RECEIPT, english, Size(rows=4)))["text"]
    assert text.startswith("Receipt R-1001 for service order SO-1007\n")
    for line in (
        "• GoTo Meeting: 1 new seat – €10.00 plus €2.00 tax",
        "Subtotal: €10.00",
        "Tax: €2.00",
        "Total: €12.00",
        "Charged to Visa ending in 4242",
        "Not bought or billed:\n• GoTo Training: 3 new seats – declined: the card was declined",
    ):
        assert line in text


def test_r14_a_failed_order_leads_to_account_services(reader: Localizer) -> None:
    assert URL in render(make_message(NoticeKind.ORDER_FAILED, reader))["text"]


def test_a_pending_quote_can_be_reviewed_approved_and_rejected(english: Localizer) -> None:
    content = render(make_message(NoticeKind.QUOTE_ARRIVED, english))
    assert ids(content) == ["quote.open", "quote.approve", "quote.reject", "quote.send"]
    assert [button.get("style") for button in list_buttons(content)] == [None, "primary", "danger", None]
    assert "Actions: Review, Approve, Reject and Get PDF" in content["text"]
    assert "Valid until 30 Nov 2026, 10:00 (CET)" in content["text"]


DECISIONS: dict[str, tuple[QuoteStatus, dict[str, Any], str]] = {
    "accepted": (
        QuoteStatus.ACCEPTED,
        {},
        "Accepted by Bob Durand on 10 Nov 2026, 10:00 (CET): service order SO-",
    ),
    "rejected": (
        QuoteStatus.REJECTED,
        {},
        "Rejected by Bob Durand on 10 Nov 2026, 10:00 (CET). too dear &lt;!",
    ),
    "replaced": (
        QuoteStatus.EXPIRED,
        {"replaced_by_id": 2},
        "Replaced with quote SQ-2000 by Bob Durand on 10 Nov 2026, 10:00",
    ),
    "accepted elsewhere": (
        QuoteStatus.ACCEPTED,
        {"decided_externally": True},
        "Accepted outside Slack on 10 Nov",
    ),
    "rejected elsewhere": (
        QuoteStatus.REJECTED,
        {"decided_externally": True},
        "Rejected outside Slack on 10 Nov",
    ),
    "expired": (QuoteStatus.EXPIRED, {}, "Expired on 10 Nov 2026, 10:00 (CET)"),
}


@pytest.mark.parametrize(
    "kind", [NoticeKind.QUOTE_MESSAGE_UPDATE, NoticeKind.QUOTE_ARRIVED, NoticeKind.QUOTE_DECIDED]
)
@pytest.mark.parametrize("decision", DECISIONS)
def test_r20_a_decided_quote_has_no_buttons_and_says_by_whom_and_when(
    decision: str, kind: NoticeKind, english: Localizer
) -> None:
    status, changes, says = DECISIONS[decision]
    details = samples.make_decided_quote(status, replaced=decision == "replaced")
    for name, value in changes.items():
        setattr(details.quote, name, value)
    content = render(make_message(kind, english, quote=details))
    assert says in content["text"]
    assert ids(content) == []


def test_r9_a_quote_past_its_validity_is_expired_though_no_job_ran(english: Localizer) -> None:
    details = replace(samples.make_quote_details(), at=AT.replace(month=12))
    content = render(make_message(NoticeKind.QUOTE_REMINDER, english, quote=details))
    assert "Expired on 30 Nov 2026, 10:00 (CET)" in content["text"]
    assert ids(content) == []


def test_an_order_of_many_products_says_how_many_are_not_shown(english: Localizer) -> None:
    text = render(make_message(NoticeKind.ORDER_STATUS, english, LONGEST, "channel"))["text"]
    shown = text.count("•")
    assert 3 <= shown <= 15
    assert f"… and {200 - shown} more products" in text
    assert "Placed by Alice 0" in text


def test_an_order_of_thirty_products_shows_fifteen(english: Localizer) -> None:
    text = render(
        make_message(NoticeKind.ORDER_PLACED, english, order=samples.make_order_details(size=Size(rows=30)))
    )["text"]
    assert text.count("•") == 15
    assert "… and 15 more products" in text


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_of_an_order_has_its_word(status: OrderStatus, english: Localizer) -> None:
    details = replace(sample_messages.make_completed_order(), order=samples.make_service_order(status=status))
    details = replace(details, rows=[samples.make_order_line_details(0, LineStatus.CHARGING)])
    text = render(make_message(NoticeKind.ORDER_STATUS, english, order=details))["text"]
    assert text.startswith(f"Service order SO-1007: {status.capitalize()}\n")
