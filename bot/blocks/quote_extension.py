"""More time for a quote: asking for it, and what Account Services decide (R9)."""

from datetime import date

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.quote import format_quote_summary
from bot.i18n import Localizer
from bot.presenters.quote import build_reason_arguments, build_validity_arguments
from models.details import QuoteDetails
from models.quote import MAX_REASON_LENGTH
from models.quote.extension import QuoteExtension, suggest_extension_day

ASK = navigation.ASK_FOR_EXTENSION
REQUEST = "quote_extension.request"
APPROVE = navigation.APPROVE_EXTENSION
DECLINE = navigation.DECLINE_EXTENSION
SHOW_DECISION = "quote_extension.show"


def render_request_modal(localizer: Localizer, details: QuoteDetails, metadata: ModalMetadata) -> View:
    day = suggest_extension_day(details.account, details.quote, details.period_ends)
    blocks = [
        block_kit.build_section(format_quote_summary(localizer, details)),
        block_kit.build_section(localizer.format_mrkdwn("extension-request-intro")),
        _build_day_input(localizer, details, day),
        _build_reason_input(localizer),
        block_kit.build_actions(
            navigation.build_back_button(localizer, navigation.OPEN_QUOTE, details.quote.key)
        ),
    ]
    return block_kit.build_modal(
        REQUEST,
        localizer.format_text("action-ask-for-extension"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=localizer.format_text("extension-request-submit"),
    )


def render_approval_modal(
    localizer: Localizer, extension: QuoteExtension, details: QuoteDetails, metadata: ModalMetadata
) -> View:
    blocks = [
        *_build_request_blocks(localizer, extension, details),
        block_kit.build_section(localizer.format_mrkdwn("extension-prices-stay")),
        _build_day_input(localizer, details, extension.requested_until),
    ]
    return block_kit.build_modal(
        APPROVE,
        localizer.format_text("extension-approve-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=localizer.format_text("extension-approve-submit"),
    )


def render_decline_modal(
    localizer: Localizer, extension: QuoteExtension, details: QuoteDetails, metadata: ModalMetadata
) -> View:
    blocks = [
        *_build_request_blocks(localizer, extension, details),
        _build_reason_input(localizer, "extension-decline-reason"),
    ]
    return block_kit.build_modal(
        DECLINE,
        localizer.format_text("extension-decline-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=localizer.format_text("action-decline"),
    )


def render_decision_modal(
    localizer: Localizer, extension: QuoteExtension, details: QuoteDetails, metadata: ModalMetadata
) -> View:
    text = localizer.format_mrkdwn(
        "extension-decided",
        number=details.quote.number,
        account=details.account.name,
        status=extension.status.value,
        until=extension.granted_until or "",
    )
    title = localizer.format_text("extension-title")
    return block_kit.build_modal(
        SHOW_DECISION, title, [block_kit.build_section(text)], localizer, metadata=metadata
    )


def _build_request_blocks(
    localizer: Localizer, extension: QuoteExtension, details: QuoteDetails
) -> list[Block]:
    intro = localizer.format_mrkdwn(
        "extension-decision-intro",
        number=details.quote.number,
        account=details.account.name,
        **build_validity_arguments(details.account, details.quote.expires_at),
    )
    request = localizer.format_mrkdwn(
        "extension-request",
        by=extension.requested_by,
        at=extension.requested_at,
        until=extension.requested_until,
        **build_reason_arguments(extension.reason),
    )
    return [block_kit.build_section(intro), block_kit.build_section(request)]


def _build_day_input(localizer: Localizer, details: QuoteDetails, day: date) -> Block:
    return block_kit.build_input(
        "until",
        localizer.format_text("quote-file-until"),
        block_kit.build_date_picker("until", day),
        hint=localizer.format_text("extension-until-hint", until=details.last_possible_day),
    )


def _build_reason_input(localizer: Localizer, label_key: str = "quote-reject-reason") -> Block:
    return block_kit.build_input(
        "reason",
        localizer.format_text(label_key),
        block_kit.build_text_input("reason", multiline=True, max_length=MAX_REASON_LENGTH),
        hint=localizer.format_text("quote-reject-hint", most=MAX_REASON_LENGTH),
        optional=True,
    )
