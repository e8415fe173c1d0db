"""History as short lines: when, who, what and why (R18)."""

from collections.abc import Mapping, Sequence

from bot.blocks import kit
from bot.blocks.kit import Block
from bot.i18n import Reader
from models.audit_entry import AuditEntry

MOST_LINES = 40
MOST_PARAGRAPHS = 10


def history_blocks(reader: Reader, entries: Sequence[AuditEntry], names: Mapping[str, str]) -> list[Block]:
    """The newest entries, the oldest of them first. `names` has a name for each subscription id."""
    if not entries:
        return []
    lines = [entry_text(reader, entry, names) for entry in entries[-MOST_LINES:]]
    if len(entries) > MOST_LINES:
        lines.insert(0, reader.mrkdwn("history-older", count=len(entries) - MOST_LINES))
    title = kit.section(reader.mrkdwn("history-title"))
    return [title, *kit.paragraphs(["\n".join(group) for group in _groups(lines)], reader, MOST_PARAGRAPHS)]


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
    if entry.action == "line":
        key = "history-line-" + (entry.to_status or "").replace("_", "-")
    else:
        key = f"history-{noun}-{entry.action}".replace("_", "-")
    subscription_id = str(entry.details.get("subscription", ""))
    product = names.get(subscription_id, subscription_id)
    return reader.text(key if reader.has(key) else "history-other", number=number, product=product)


def _reason(reader: Reader, reason: str) -> str:
    """Codes have words; what a person typed stays as it is."""
    code = reason.replace("_", "-")
    for key in (f"decline-{code}", f"history-reason-{code}"):
        if reader.has(key):
            return reader.text(key, reason=reason)
    return reason
