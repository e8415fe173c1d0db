"""Service orders on the screen: before placing, where they stand, trying again (R10-R12, R18-R21)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.blocks import service_order
from bot.blocks.block_kit import ModalMetadata, View
from bot.i18n import Localizer
from models.details import OrderDetails
from models.service_order import LineStatus, OrderStatus
from tests.blocks import samples
from tests.blocks.limits import check, list_buttons, list_texts
from tests.blocks.samples import AT, Size, make_order_details, make_order_line_details

PLACE = ModalMetadata(account="acme", quote=1, order=7)
URL = "https://services.example"


def read_text(view: View) -> str:
    return "\n".join(list_texts(view["blocks"]))


def show(reader: Localizer, details: OrderDetails) -> View:
    return service_order.render_order_modal(reader, details, PLACE, services_url=URL)


def ids(view: View) -> set[str]:
    return {button["action_id"] for button in list_buttons(view)}


def test_before_placing_everything_is_shown_once_more(english: Localizer) -> None:
    view = service_order.render_placement_modal(english, samples.make_placement_page(), PLACE)
    for part in (
        "2 new seats: 25\u00a0→\u00a027",
        "*Total due now*\n*€24.00*",
        "Hugo Petit, hugo@acme.example",
        "Gets one of the new seats of GoTo Meeting.",
        "2 new seats left to assign to others.",
        "Visa •••• 4242, expires 04/2028, default",
        "*Purchase-order number*\nNone",
        "1 rue de la Paix\n75002 Paris\nFrance",
        "you accept quote SQ-1001 and will be charged €24.00",
        "up to 24 hours",
    ):
        assert part in read_text(view)
    assert view["callback_id"] == service_order.PLACE
    shown = [(b["action_id"], b["accessibility_label"]) for b in list_buttons(view)[:-1]]
    assert shown == [
        ("checkout.edit", "Change the admin contact"),
        ("checkout.edit", "Change the payment method"),
        ("checkout.edit", "Change the purchase-order number"),
        ("checkout.change_address", "Change the billing address"),
    ]
    assert (list_buttons(view)[-1]["action_id"], list_buttons(view)[-1]["value"]) == ("checkout.edit", "1")


def test_back_leads_to_the_quote_if_nothing_had_to_be_checked_out(reader: Localizer) -> None:
    page = replace(samples.make_placement_page(), skipped_checkout=True)
    back = service_order.render_placement_modal(reader, page, PLACE)["blocks"][-1]["elements"][0]
    assert (back["action_id"], back["value"]) == ("quote.open", "1")


@pytest.mark.parametrize(
    ("assigned", "part"),
    [
        (
            0,
            "so won’t use one of the new seats.\n3 new seats left to assign",
        ),
        (2, "1 new seat left to assign to others."),
        (3, "No new seats left to assign to others."),
    ],
)
def test_the_seats_that_remain_free_are_counted(assigned: int, part: str, english: Localizer) -> None:
    assert part in read_text(
        service_order.render_placement_modal(english, samples.make_placement_page(assigned=assigned), PLACE)
    )


def test_a_tax_change_by_address_is_shown_before_placing(english: Localizer) -> None:
    view = service_order.render_placement_modal(
        english, samples.make_placement_page(replaced="SQ-1000"), PLACE
    )
    assert view["blocks"][0]["level"] == "warning"
    assert "quote SQ-1001 has replaced SQ-1000" in view["blocks"][0]["text"]["text"]
    assert "SQ-1000" not in read_text(
        service_order.render_placement_modal(english, samples.make_placement_page(), PLACE)
    )


def test_a_placed_order_says_how_long_processing_may_take(english: Localizer) -> None:
    view = service_order.render_placed_modal(english, make_order_details(), PLACE, services_url=URL)
    assert view["blocks"][0]["level"] == "success"
    assert "up to 24 hours, until 11 Nov 2026, 09:00 (CET) at the latest" in read_text(view)
    assert "send the receipt by email to Alice 0, alice0@acme.example" in read_text(view)
    assert read_text(view).count("11 Nov 2026, 09:00") == 1


def test_an_overdue_placed_order_no_longer_promises_a_time(english: Localizer) -> None:
    details = replace(make_order_details(), at=AT + timedelta(days=2))
    for view in (
        service_order.render_placed_modal(english, details, PLACE, services_url=URL),
        service_order.render_order_modal(english, details, PLACE, services_url=URL),
    ):
        assert "up to 24 hours" not in read_text(view)
        assert "longer than the promised 24 hours" in read_text(view)


@pytest.mark.parametrize("status", [LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER])
def test_a_placed_order_that_waits_for_the_customer_says_so_and_promises_nothing(
    status: LineStatus, english: Localizer
) -> None:
    details = make_order_details(make_order_line_details(0, status, reason="card_declined"))
    view = service_order.render_placed_modal(english, details, PLACE, services_url=URL)
    assert view == show(english, details)
    words = read_text(view)
    assert not [
        text for text in ("has been placed", "24 hours", "You can close", "Processing.") if text in words
    ]
    until = "11 Nov 2026, 08:00" if status is LineStatus.DECLINED else "10 Nov 2026, 10:20"
    assert words.count(until) == 1, "the deadline, once"
    assert "We need your" in words[: words.index("*GoTo Meeting*")]


def test_a_placed_order_says_which_documents_will_come(english: Localizer) -> None:
    by_card, on_invoice = (
        make_order_line_details(0, LineStatus.WAITING),
        make_order_line_details(1, LineStatus.WAITING),
    )
    on_invoice.line.is_on_invoice = True
    for rows, documents in (
        ([on_invoice], "send the invoice by email to Alice 0"),
        ([by_card, on_invoice], "send the receipt and the invoice by email to Alice 0"),
    ):
        details = make_order_details(*rows)
        assert documents in read_text(
            service_order.render_placed_modal(english, details, PLACE, services_url=URL)
        )


@pytest.mark.parametrize(
    ("channel", "part"), [("C1", "posted to your account’s channel"), (None, "by direct message")]
)
def test_a_placed_order_says_where_its_status_is_posted(
    channel: str | None, part: str, english: Localizer
) -> None:
    details = make_order_details()
    details.account.channel = channel
    assert part in read_text(service_order.render_placed_modal(english, details, PLACE, services_url=URL))


def test_an_order_that_is_done_when_placed_again_is_shown_as_it_stands(english: Localizer) -> None:
    done = make_order_details(make_order_line_details(0, LineStatus.SETTLED), status=OrderStatus.COMPLETED)
    assert service_order.render_placed_modal(
        english, done, PLACE, services_url=URL
    ) == service_order.render_order_modal(english, done, PLACE, services_url=URL)


@pytest.mark.parametrize(
    ("status", "reason", "part"),
    [
        (LineStatus.WAITING, None, "Waiting to be processed."),
        (LineStatus.CHARGING, None, "Charging."),
        (LineStatus.SETTLED, None, "Charged and seats added on 10 Nov 2026, 10:00 (CET)."),
        (LineStatus.NEEDS_CUSTOMER, None, "to confirm the payment by 10 Nov 2026, 10:20 (CET)"),
        (LineStatus.UNKNOWN, None, "You won’t be billed twice, so please don’t order again"),
        (
            LineStatus.DECLINED,
            "card_declined",
            "Declined: the card was declined. Not billed.",
        ),
        (LineStatus.DECLINED, "customer_timeout", "Declined: the payment wasn’t confirmed in time."),
        (
            LineStatus.DECLINED,
            "do_not_honor",
            "Declined: the payment provider refused the order (do_not_honor).",
        ),
        (LineStatus.DECLINED, None, "Declined: no reason was given. Not billed."),
    ],
)
def test_each_line_shows_its_status_and_what_happens_next(
    status: LineStatus, reason: str | None, part: str, english: Localizer
) -> None:
    assert part in read_text(
        show(english, make_order_details(make_order_line_details(0, status, reason=reason)))
    )


def test_a_queued_line_names_the_order_it_is_queued_behind(english: Localizer) -> None:
    row = replace(make_order_line_details(0, LineStatus.WAITING), blocking_order_number="SO-1001")
    assert "Queued behind service order SO-1001" in read_text(show(english, make_order_details(row)))


def test_a_payment_to_confirm_has_its_link(reader: Localizer) -> None:
    [link] = [
        button
        for button in list_buttons(
            show(reader, make_order_details(make_order_line_details(0, LineStatus.NEEDS_CUSTOMER)))
        )
        if button["action_id"] == service_order.CONFIRM_PAYMENT
    ]
    assert link["url"] == "https://bank.example/confirm"


def test_a_declined_line_can_be_tried_again_or_cancelled(english: Localizer) -> None:
    view = show(
        english,
        make_order_details(
            make_order_line_details(0, LineStatus.DECLINED), make_order_line_details(1, LineStatus.SETTLED)
        ),
    )
    assert {service_order.RETRY, service_order.CANCEL_DECLINED_SEATS} <= ids(view)
    assert "by 11 Nov 2026, 08:00 (CET) at the same price" in read_text(view)
    [cancel] = [b for b in list_buttons(view) if b["action_id"] == service_order.CANCEL_DECLINED_SEATS]
    assert "confirm" in cancel


def test_each_line_has_its_own_deadline_if_they_differ(english: Localizer) -> None:
    """Otherwise what is asked for says it once."""
    rows = [make_order_line_details(n, LineStatus.DECLINED) for n in range(2)]
    rows += [make_order_line_details(n, LineStatus.NEEDS_CUSTOMER) for n in range(2, 4)]
    details = make_order_details(*rows)
    same = read_text(service_order.render_order_modal(english, details, PLACE, services_url=URL))
    assert "You can try again until" not in same
    assert "again by 11 Nov 2026, 08:00 (CET) at the same price" in same
    rows[0].line.period_ends_at = AT + timedelta(hours=2)
    rows[3].line.deadline_at = AT + timedelta(hours=1)
    text = read_text(service_order.render_order_modal(english, details, PLACE, services_url=URL))
    for part in (
        "again, the first by 10 Nov 2026, 12:00 (CET), at the same price",
        "You can try again until 10 Nov 2026, 12:00 (CET).",
        "You can try again until 11 Nov 2026, 08:00 (CET).",
        "confirm the payments, the first by 10 Nov 2026, 10:20 (CET).",
        "confirm the payment by 10 Nov 2026, 10:20 (CET).",
        "confirm the payment by 10 Nov 2026, 11:00 (CET).",
    ):
        assert part in text, part


def test_no_retry_is_offered_after_23_hours(english: Localizer) -> None:
    late = replace(
        make_order_details(make_order_line_details(0, LineStatus.DECLINED)), at=AT + timedelta(hours=22)
    )
    view = show(english, late)
    assert not {service_order.RETRY, service_order.CANCEL_DECLINED_SEATS} & ids(view)
    assert "You can no longer try again." in read_text(view)


def test_an_order_whose_declined_seats_were_cancelled_says_so(english: Localizer) -> None:
    details = make_order_details(make_order_line_details(0, LineStatus.DECLINED), status=OrderStatus.FAILED)
    details.order.retries_abandoned = True
    assert "The seats were cancelled." in read_text(show(english, details))


@pytest.mark.parametrize("status", [OrderStatus.FAILED, OrderStatus.COMPLETED])
def test_a_failed_order_points_to_account_services(status: OrderStatus, english: Localizer) -> None:
    rows = [make_order_line_details(0, LineStatus.DECLINED)]
    rows += [make_order_line_details(1, LineStatus.SETTLED)] if status is OrderStatus.COMPLETED else []
    view = show(english, make_order_details(*rows, status=status))
    assert "account.contact_services" in ids(view)
    assert "Account Services can help" in read_text(view)


def test_a_completed_order_names_what_was_not_bought_and_its_receipt(english: Localizer) -> None:
    rows = [make_order_line_details(0, LineStatus.SETTLED), make_order_line_details(1, LineStatus.DECLINED)]
    details = replace(make_order_details(*rows, status=OrderStatus.COMPLETED), receipt=samples.make_receipt())
    text = read_text(show(english, details))
    assert "Declined and not billed: GoTo Webinar." in text
    assert "Subtotal\n€10.00\nTax\n€2.00\n*Total*\n*€12.00*" in text


def test_an_overdue_order_says_not_to_order_again(english: Localizer) -> None:
    late = replace(make_order_details(), at=AT + timedelta(hours=23))
    assert "no need to order again" in read_text(show(english, late))
    assert "no need to order again" not in read_text(show(english, make_order_details()))


def test_the_history_shows_when_who_what_and_why(english: Localizer) -> None:
    lines = read_text(show(english, samples.make_order_with_every_status())).splitlines()
    assert lines.count("*10 Nov 2026* (CET)") == 1
    assert "10:00 · Order placed · Alice Martin" in lines
    made = "Quote SQ-1001 created · Alice Martin (the billing address changes the tax)"
    assert f"10:00 · {made}" in lines


@pytest.mark.parametrize(
    ("action", "details", "part"),
    [
        ("retried", {"subscription": "sub_0"}, "GoTo Meeting tried again · Alice Martin"),
        ("retried", {"subscription": "sub_gone"}, "sub_gone tried again · Alice Martin"),
        ("something_new", {}, "SO-1007 changed"),
    ],
)
def test_history_names_products_and_never_falls_silent(
    action: str, details: dict[str, str], part: str, english: Localizer
) -> None:
    entry = samples.make_audit_entry("service_order:SO-1007", action)
    entry.details = details
    assert part in read_text(show(english, replace(make_order_details(), history=[entry])))


def test_the_history_names_the_zone_of_each_part_of_the_day_on_which_clocks_change(
    english: Localizer,
) -> None:
    hours = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 2)]
    entries = [
        samples.make_audit_entry("service_order:SO-1007", action).model_copy(update={"at": at})
        for action, at in zip(("placed", "processing"), hours, strict=True)
    ]
    text = read_text(show(english, replace(make_order_details(), history=entries)))
    assert "*25 Oct 2026* (CEST)\n02:30" in text
    assert "*25 Oct 2026* (CET)\n03:30" in text


def test_the_whole_of_a_long_history_is_read_in_pages(reader: Localizer) -> None:
    details = replace(make_order_details(), history=samples.make_history(Size(rows=100)))
    whole = [b for b in list_buttons(show(reader, details)) if b["action_id"] == "service_order.history"]
    assert [b["value"] for b in whole] == ["0"]
    read: list[str] = []
    for page, turns in enumerate((["1"], ["0", "2"], ["1"])):
        view = service_order.render_history_modal(reader, details, replace(PLACE, page=page))
        check(view)
        read += [line for line in read_text(view).split("\n") if " · " in line]
        assert [b["value"] for b in list_buttons(view) if b["action_id"] == "service_order.history"] == turns
    assert len(read) == len(details.history) == 102


def test_a_short_history_needs_no_pages(reader: Localizer) -> None:
    details = replace(make_order_details(), history=samples.make_history())
    assert "service_order.history" not in [b["action_id"] for b in list_buttons(show(reader, details))]


def test_a_long_history_shows_its_end(english: Localizer) -> None:
    text = read_text(
        show(english, replace(make_order_details(), history=samples.make_history(Size(rows=100))))
    )
    assert "62 earlier entries" in text


def test_the_list_opens_each_order_and_the_older_ones(reader: Localizer) -> None:
    details_list = [make_order_details()] * 2
    view = service_order.render_order_list_modal(
        reader, samples.make_account(), details_list, PLACE, has_older=True
    )
    found = [(b["action_id"], b["value"]) for b in list_buttons(view)]
    assert found.count(("service_order.open", "7")) == 2
    assert ("service_order.more", "7") in found
    assert "service_order.more" not in ids(
        service_order.render_order_list_modal(
            reader, samples.make_account(), details_list, PLACE, has_older=False
        )
    )


def test_an_order_that_needs_someone_stands_out_in_the_list(english: Localizer) -> None:
    needs = service_order.render_order_list_modal(
        english,
        samples.make_account(),
        [make_order_details(make_order_line_details(0, LineStatus.NEEDS_CUSTOMER))],
        PLACE,
        has_older=False,
    )
    assert "*SO-1007* · *Action needed*" in read_text(needs)


def test_an_empty_list_says_what_to_do(english: Localizer) -> None:
    view = service_order.render_order_list_modal(english, samples.make_account(), [], PLACE, has_older=False)
    assert "`/add-seats`" in read_text(view)


def test_trying_again_asks_with_which_card_at_the_same_price(english: Localizer) -> None:
    details = make_order_details(
        make_order_line_details(0, LineStatus.DECLINED), make_order_line_details(1, LineStatus.SETTLED)
    )
    methods = samples.make_payment_methods()
    view = service_order.render_retry_modal(english, details, methods, PLACE)
    assert "*GoTo Meeting* · 1 new seat\n€10.00\n+ €2.00 tax" in read_text(view)
    assert "GoTo Webinar" not in read_text(view)
    [method] = [block for block in view["blocks"] if block["type"] == "input"]
    assert (method["block_id"], method["element"]["action_id"]) == ("payment_method", "payment_method")
    assert method["element"]["initial_option"]["value"] == "pm_0"
    assert ("service_order.open", "7") in [(b["action_id"], b["value"]) for b in list_buttons(view)]


@pytest.mark.parametrize(
    ("line_methods", "declined", "suggested"),
    [
        ([None], ["pm_0"], "pm_2"),
        ([None], ["pm_0", "pm_2"], "pm_1"),
        ([None], ["pm_0", "pm_1", "pm_2"], None),
        ([None], [], "pm_0"),
        (["pm_1"], ["pm_0"], "pm_1"),
        (["pm_1", None], [], "pm_1"),
        ([None, "pm_1"], ["pm_0"], "pm_1"),
        (["pm_gone"], ["pm_gone"], "pm_2"),
    ],
)
def test_a_method_that_was_declined_is_marked_and_not_suggested(
    line_methods: list[str | None], declined: list[str], suggested: str | None, english: Localizer
) -> None:
    rows = [make_order_line_details(n, LineStatus.DECLINED) for n, _ in enumerate(line_methods)]
    for row, method_id in zip(rows, line_methods, strict=True):
        row.line.payment_method_id = method_id
    methods = [
        samples.make_payment_method(0).model_copy(
            update={
                "id": f"pm_{n}",
                "is_default": n == 2,
                "bank": "Crédit Mutuel Alliance Fédérale" * (n == 1),
            }
        )
        for n in range(3)
    ]
    view = service_order.render_retry_modal(
        english, make_order_details(*rows), methods, PLACE, declined_ids=declined
    )
    [select] = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    assert select.get("initial_option", {}).get("value") == suggested
    marked = [o["value"] for o in select["options"] if o["text"]["text"].endswith(", declined")]
    assert all(len(option["text"]["text"]) <= 75 for option in select["options"])
    assert marked == [method.id for method in methods if method.id in declined]
