"""History as short lines: when, who, what and why (R18)."""

from collections.abc import Mapping, Sequence

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer
from models.audit_entry import AuditEntry

MAX_HISTORY_LINES = 40


def build_history_blocks(
    localizer: Localizer, entries: Sequence[AuditEntry], names: Mapping[str, str], page_action_id: str
) -> list[Block]:
    """The newest entries, the oldest of them first; where there are more, `turn` leads to all of them.

    `names` has a name for each subscription id.
    """
    if not entries:
        return []
    title = block_kit.build_section(localizer.format_mrkdwn("history-title"))
    before = len(entries) - MAX_HISTORY_LINES
    if before <= 0:
        return [title, *_build_history_paragraphs(localizer, entries, names)]
    whole = block_kit.build_button(page_action_id, localizer.format_text("history-whole"), 0)
    older = block_kit.build_section(localizer.format_mrkdwn("history-older", count=before), whole)
    return [title, older, *_build_history_paragraphs(localizer, entries[-MAX_HISTORY_LINES:], names)]


def build_history_page(
    localizer: Localizer,
    entries: Sequence[AuditEntry],
    names: Mapping[str, str],
    page: int,
    page_action_id: str,
) -> list[Block]:
    """A page of all entries, oldest first; `turn` is the action that shows the page its value names."""
    count = max(1, -(-len(entries) // MAX_HISTORY_LINES))
    page = min(page, count - 1)
    blocks = _build_history_paragraphs(
        localizer, entries[page * MAX_HISTORY_LINES : (page + 1) * MAX_HISTORY_LINES], names
    )
    blocks.append(block_kit.build_context(localizer.format_mrkdwn("page-of", page=page + 1, count=count)))
    # In rows of their own: an action stands once in a row.
    if page > 0:
        blocks.append(
            block_kit.build_actions(
                block_kit.build_button(
                    page_action_id, localizer.format_text("history-page-previous"), page - 1
                )
            )
        )
    if page + 1 < count:
        blocks.append(
            block_kit.build_actions(
                block_kit.build_button(page_action_id, localizer.format_text("history-page-next"), page + 1)
            )
        )
    return blocks


def _build_history_paragraphs(
    localizer: Localizer, entries: Sequence[AuditEntry], names: Mapping[str, str]
) -> list[Block]:
    lines = [format_history_entry(localizer, entry, names) for entry in entries]
    return block_kit.build_paragraphs(
        ["\n".join(group) for group in _group_lines(lines)], localizer, MAX_HISTORY_LINES
    )


def _group_lines(lines: list[str]) -> list[list[str]]:
    """As many lines as a paragraph holds."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if groups[-1] and len("\n".join([*groups[-1], line])) > block_kit.MAX_SECTION_LENGTH:
            groups.append([])
        groups[-1].append(line)
    return groups


def format_history_entry(localizer: Localizer, entry: AuditEntry, names: Mapping[str, str]) -> str:
    return localizer.format_mrkdwn(
        "history-entry",
        at=entry.at,
        who=_format_actor(localizer, entry),
        what=_format_action(localizer, entry, names),
        has_reason="yes" if entry.reason else "no",
        reason=_format_reason(localizer, entry.reason or ""),
    )


def _format_actor(localizer: Localizer, entry: AuditEntry) -> str:
    key = f"history-by-{entry.actor_kind}"
    return localizer.format_text(key) if localizer.has_message(key) else entry.actor_name


def _format_action(localizer: Localizer, entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Of a line of an order, the state it came to; else the noun and what was done to it."""
    noun, _, number = entry.subject.partition(":")
    key = f"history-{noun}-{entry.action}".replace("_", "-")
    if entry.action == "line":
        key = "history-line"
    subscription_id = str(entry.details.get("subscription", ""))
    product = names.get(subscription_id, subscription_id)
    words = {"number": number, "product": product, "status": entry.to_status or ""}
    return localizer.format_text(key if localizer.has_message(key) else "history-other", **words)


def _format_reason(localizer: Localizer, reason: str) -> str:
    """Codes have words; what a person typed stays as it is."""
    code = reason.replace("_", "-")
    for key in (f"decline-{code}", f"history-reason-{code}"):
        if localizer.has_message(key):
            return localizer.format_text(key, reason=reason)
    return reason
