"""One wording of an order, whatever shows it."""

from dataclasses import replace

import pytest

from bot.blocks.block_kit import ModalMetadata
from bot.blocks.notice import render_notice_message
from bot.blocks.service_order import render_order_modal
from bot.i18n import Localizer
from bot.notices.email import render_email
from bot.presenters.audit_entry import format_history_entry
from bot.presenters.order import OrderPresenter
from models.details import OrderDetails
from models.notice import NoticeKind
from models.service_order import LineStatus
from tests.blocks import samples
from tests.blocks.limits import list_texts
from tests.blocks.sample_messages import make_message

ENGLISH = Localizer("en-GB", "Europe/Paris")
METADATA = ModalMetadata(account="acme")
URL = "https://services.example/help"
ACTIONS = ("placed", "processing", "completed", "failed", "retried", "given_up", "overdue", "seat_assigned")


def render_screen(details: OrderDetails) -> str:
    return "\n".join(list_texts(render_order_modal(ENGLISH, details, METADATA, services_url=URL)))


def list_outputs(details: OrderDetails) -> list[str]:
    """The order as a screen, a message and an email show it."""
    message = make_message(NoticeKind.ORDER_STATUS, ENGLISH, order=details)
    return [
        render_screen(details),
        render_notice_message(message, URL)["text"],
        render_email(make_message(NoticeKind.ORDER_STATUS, ENGLISH, to="email", order=details), URL).text,
    ]


def test_an_unknown_provider_code_is_put_into_words_everywhere() -> None:
    row = samples.make_order_line_details(0, LineStatus.DECLINED, reason="do_not_honor")
    for text in list_outputs(samples.make_order_details(row)):
        assert "the payment provider refused the order (do_not_honor)" in text


def test_two_subscriptions_to_one_product_are_distinguished_everywhere() -> None:
    first, second = (samples.make_order_line_details(number, LineStatus.CHARGING) for number in (0, 1))
    details = samples.make_order_details(first, replace(second, product=first.product))
    for text in list_outputs(details):
        assert "GoTo Meeting (sub_0)" in text
        assert "GoTo Meeting (sub_1)" in text


@pytest.mark.parametrize("action", ACTIONS)
def test_r21_account_services_read_the_history_as_the_screens_show_it(action: str) -> None:
    entry = samples.make_audit_entry(f"service_order:{samples.make_service_order().number}", action)
    details = replace(samples.make_order_details(), history=[entry])
    message = make_message(NoticeKind.ORDER_OVERDUE, ENGLISH, to="services", order=details)
    labels = OrderPresenter(ENGLISH, details).product_labels
    expected = format_history_entry(ENGLISH, entry, labels, ENGLISH.format_mrkdwn)
    assert f"• {expected}" in render_notice_message(message, URL)["text"]
    shown = format_history_entry(ENGLISH, entry, labels, ENGLISH.format_mrkdwn, has_day=False)
    assert f"*10 Nov 2026* (CET)\n{shown}" in render_screen(details)
    assert expected == f"10 Nov 2026, 10:00 (CET){shown.removeprefix('10:00')}"
    assert f"· {action.replace('_', ' ')} ·" not in expected


def test_all_declined_lines_can_be_tried_again_until_the_deadline_that_is_named() -> None:
    ending = samples.make_order_line_details(0, LineStatus.DECLINED)
    earlier = replace(
        ending, line=ending.line.model_copy(update={"period_ends_at": samples.AT.replace(hour=20)})
    )
    details = samples.make_order_details(earlier, samples.make_order_line_details(1, LineStatus.DECLINED))
    assert OrderPresenter(ENGLISH, details).retry_deadline == samples.AT.replace(hour=20)
