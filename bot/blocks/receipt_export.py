"""Receipts of a period: choosing it, and how far their emails are."""

from dataclasses import replace
from datetime import date

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Block, ModalMetadata, View
from bot.blocks.receipt import format_receipt
from bot.blocks.refusal import format_refusal
from bot.i18n import Localizer, escape_mrkdwn
from models.account import Account
from models.receipt_export import ExportPage, ExportProgress, MailNotConfigured, split_into_emails

OPEN = navigation.OPEN_RECEIPT_EXPORT
SEND = "receipt_export.send"
SHOW = "receipt_export.show"

MAX_LISTED_RECEIPTS = 10


def render_export_form(localizer: Localizer, page: ExportPage, metadata: ModalMetadata) -> View:
    # Choosing a day shows the receipts of the new period.
    blocks = [
        _build_intro(localizer, page),
        _build_day_input("since", localizer.format_text("receipt-export-since"), page.first_day, page),
        _build_day_input("until", localizer.format_text("receipt-export-until"), page.last_day, page),
        *_build_receipt_blocks(localizer, page),
        *(_build_latest_blocks(localizer, page.latest) if page.latest else []),
        block_kit.build_actions(
            navigation.build_back_button(localizer, navigation.LIST_RECEIPTS, page.account.id)
        ),
    ]
    return block_kit.build_modal(
        SEND,
        localizer.format_text("receipt-export-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=localizer.format_text("receipt-export-submit") if page.has_mail else None,
    )


def _build_intro(localizer: Localizer, page: ExportPage) -> Block:
    # Without a mail server, the receipts are only listed.
    if not page.has_mail:
        return block_kit.build_alert(format_refusal(localizer, MailNotConfigured()), "warning")
    return block_kit.build_section(localizer.format_mrkdwn("receipt-export-intro", account=page.account.name))


def _build_day_input(name: str, label: str, day: date, page: ExportPage) -> Block:
    # Slack rejects inputs in a view without a submit button: if nothing can be emailed, the picker stands
    # beside its label.
    if not page.has_mail:
        section = block_kit.build_section(escape_mrkdwn(label), block_kit.build_date_picker(OPEN, day))
        return {**section, "block_id": name}
    return block_kit.build_input(name, label, block_kit.build_date_picker(OPEN, day), sends_changes=True)


def _build_receipt_blocks(localizer: Localizer, page: ExportPage) -> list[Block]:
    if page.problem is not None:
        return [block_kit.build_alert(format_refusal(localizer, page.problem), "warning")]
    count = localizer.format_mrkdwn(
        "receipt-export-found",
        count=len(page.receipts),
        mails=len(split_into_emails(receipt for receipt, _ in page.receipts)),
        email=page.contact.email,
        has_mail="yes" if page.has_mail else "no",
    )
    texts = [
        format_receipt(localizer, receipt, order_number)
        for receipt, order_number in page.receipts[:MAX_LISTED_RECEIPTS]
    ]
    if len(page.receipts) > len(texts):
        texts.append(localizer.format_mrkdwn("and-more", count=len(page.receipts) - len(texts)))
    return [block_kit.build_section(count), *block_kit.build_paragraphs(["\n".join(texts)], localizer)]


def render_progress_modal(
    localizer: Localizer, account: Account, progress: ExportProgress, metadata: ModalMetadata
) -> View:
    blocks = [
        block_kit.build_section(
            localizer.format_mrkdwn(
                "receipt-export-requested",
                account=account.name,
                email=progress.email,
                finished="yes" if progress.is_finished else "no",
            )
        ),
        block_kit.build_section(_format_progress(localizer, progress)),
        block_kit.build_actions(navigation.build_back_button(localizer, OPEN, account.id)),
    ]
    export = progress.export
    metadata = replace(
        metadata,
        first_day=metadata.first_day or export.first_day,
        last_day=metadata.last_day or export.last_day,
    )
    return block_kit.build_modal(
        SHOW, localizer.format_text("receipt-export-title"), blocks, localizer, metadata=metadata
    )


def _build_latest_blocks(localizer: Localizer, progress: ExportProgress) -> list[Block]:
    # Unlike the modal that the button opens, the form isn't updated: that would change what is being typed.
    view_progress = block_kit.build_button(
        SHOW, localizer.format_text("receipt-export-view-progress"), progress.export.key
    )
    text = _format_progress(localizer, progress)
    return [block_kit.build_section(text, None if progress.is_finished else view_progress)]


def _format_progress(localizer: Localizer, progress: ExportProgress) -> str:
    export = progress.export
    return localizer.format_mrkdwn(
        "receipt-export-progress",
        first=export.first_day,
        last=export.last_day,
        sent=progress.sent_count,
        mails=progress.mail_count,
        failed=progress.failed_count,
    )
