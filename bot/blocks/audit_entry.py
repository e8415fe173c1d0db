"""The history of an order on a screen (R18)."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from bot.presenters.audit_entry import format_history_entry
from models.audit.entry import AuditEntry

MAX_HISTORY_LINES = 40


def build_history_blocks(
    localizer: Localizer, entries: Sequence[AuditEntry], names: Mapping[str, str], page_action_id: str
) -> list[Block]:
    """Shows the newest entries, oldest first, and a button for all of them if there are more. `names` maps
    subscription ids to product names; the value of `page_action_id` is a page number."""
    if not entries:
        return []
    title = block_kit.build_section(localizer.format_mrkdwn("history-title"))
    earlier_count = len(entries) - MAX_HISTORY_LINES
    if earlier_count <= 0:
        return [title, *_build_history_paragraphs(localizer, entries, names)]
    button = block_kit.build_button(page_action_id, localizer.format_text("history-whole"), 0)
    older = block_kit.build_section(localizer.format_mrkdwn("history-older", count=earlier_count), button)
    return [title, older, *_build_history_paragraphs(localizer, entries[-MAX_HISTORY_LINES:], names)]


def build_history_page(
    localizer: Localizer,
    entries: Sequence[AuditEntry],
    names: Mapping[str, str],
    page: int,
    page_action_id: str,
) -> list[Block]:
    count = max(1, -(-len(entries) // MAX_HISTORY_LINES))
    page = min(page, count - 1)
    blocks = _build_history_paragraphs(
        localizer, entries[page * MAX_HISTORY_LINES : (page + 1) * MAX_HISTORY_LINES], names
    )
    labels = localizer.format_text("history-page-previous"), localizer.format_text("history-page-next")
    return [
        *blocks,
        block_kit.build_context(localizer.format_mrkdwn("page-of", page=page + 1, count=count)),
        *block_kit.build_page_buttons(page_action_id, page, count, *labels),
    ]


def _build_history_paragraphs(
    localizer: Localizer, entries: Sequence[AuditEntry], names: Mapping[str, str]
) -> list[Block]:
    # On the day on which clocks change, each part has its own zone.
    lines = [
        line
        for (day, zone), of_day in groupby(
            entries, lambda entry: (localizer.get_local_date(entry.at), localizer.get_zone_name(entry.at))
        )
        for line in _format_day(localizer, day, zone, list(of_day), names)
    ]
    return block_kit.build_paragraphs(
        ["\n".join(group) for group in _group_lines(lines)], localizer, MAX_HISTORY_LINES
    )


def _format_day(
    localizer: Localizer, day: date, zone: str, entries: Sequence[AuditEntry], names: Mapping[str, str]
) -> list[str]:
    return [
        localizer.format_mrkdwn("history-day", day=day, zone=zone),
        *(
            format_history_entry(localizer, entry, names, localizer.format_mrkdwn, has_day=False)
            for entry in entries
        ),
    ]


def _group_lines(lines: list[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for line in lines:
        if groups[-1] and len("\n".join([*groups[-1], line])) > block_kit.MAX_SECTION_LENGTH:
            groups.append([])
        groups[-1].append(line)
    return groups
