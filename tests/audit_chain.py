from collections.abc import Iterable

from models.audit.entry import AuditEntry, HashChainVerifier


def list_broken_entries(entries: Iterable[AuditEntry]) -> list[int]:
    """The numbers at which one account's history, in order, was changed, removed or put in between."""
    chain = HashChainVerifier()
    return [entry.number for entry in entries if chain.verify_next(entry)]
