"""History as short lines: when, who, what and why (R18)."""

from collections.abc import Mapping, Sequence

from bot.blocks import kit
from bot.blocks.kit import Block
from bot.i18n import Reader
from models.audit_entry import AuditEntry

MOST_LINES = 40


def history_blocks(
    reader: Reader, entries: Sequence[AuditEntry], names: Mapping[str, str], turn: str
) -> list[Block]:
    """The newest entries, the oldest of them first; where there are more, `turn` leads to all of them.

    `names` has a name for each subscription id.
    """
    if not entries:
        return []
    title = kit.section(reader.mrkdwn("history-title"))
    before = len(entries) - MOST_LINES
    if before <= 0:
        return [title, *_paragraphs(reader, entries, names)]
    whole = kit.button(turn, reader.text("history-whole"), 0)
    older = kit.section(reader.mrkdwn("history-older", count=before), whole)
    return [title, older, *_paragraphs(reader, entries[-MOST_LINES:], names)]


def history_page(
    reader: Reader, entries: Sequence[AuditEntry], names: Mapping[str, str], page: int, turn: str
) -> list[Block]:
    """A page of all entries, oldest first; `turn` is the action that shows the page its value names."""
    count = max(1, -(-len(entries) // MOST_LINES))
    page = min(page, count - 1)
    blocks = _paragraphs(reader, entries[page * MOST_LINES : (page + 1) * MOST_LINES], names)
    blocks.append(kit.context(reader.mrkdwn("page-of", page=page + 1, count=count)))
    # In rows of their own: an action stands once in a row.
    if page > 0:
        blocks.append(kit.actions(kit.button(turn, reader.text("history-page-previous"), page - 1)))
    if page + 1 < count:
        blocks.append(kit.actions(kit.button(turn, reader.text("history-page-next"), page + 1)))
    return blocks


def _paragraphs(reader: Reader, entries: Sequence[AuditEntry], names: Mapping[str, str]) -> list[Block]:
    lines = [entry_text(reader, entry, names) for entry in entries]
    return kit.paragraphs(["\n".join(group) for group in _groups(lines)], reader, MOST_LINES)


def _groups(lines: list[str]) -> list[list[str]]:
    """As many lines as a paragraph holds."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if groups[-1] and len("\n".join([*groups[-1], line])) > kit.SECTION_TEXT:
            groups.append([])
        groups[-1].append(line)
    return groups


def entry_text(reader: Reader, entry: AuditEntry, names: Mapping[str, str]) -> str:
    return reader.mrkdwn(
        "history-entry",
        at=entry.at,
        who=_who(reader, entry),
        what=_what(reader, entry, names),
        has_reason="yes" if entry.reason else "no",
        reason=_reason(reader, entry.reason or ""),
    )


def _who(reader: Reader, entry: AuditEntry) -> str:
    key = f"history-by-{entry.actor_kind}"
    return reader.text(key) if reader.has(key) else entry.actor_name


def _what(reader: Reader, entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Of a line of an order, the state it came to; else the noun and what was done to it."""
    noun, _, number = entry.subject.partition(":")
    key = f"history-{noun}-{entry.action}".replace("_", "-")
    if entry.action == "line":
        key = "history-line"
    subscription_id = str(entry.details.get("subscription", ""))
    product = names.get(subscription_id, subscription_id)
    words = {"number": number, "product": product, "status": entry.to_status or ""}
    return reader.text(key if reader.has(key) else "history-other", **words)


def _reason(reader: Reader, reason: str) -> str:
    """Codes have words; what a person typed stays as it is."""
    code = reason.replace("_", "-")
    for key in (f"decline-{code}", f"history-reason-{code}"):
        if reader.has(key):
            return reader.text(key, reason=reason)
    return reason
