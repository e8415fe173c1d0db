"""The demo's accounts, as of any day."""

import re
from datetime import date
from pathlib import Path

ACCOUNTS = Path(__file__).parent / "accounts.yml"
WORKSPACE = Path(__file__).parent / "workspace.yml"
WRITTEN_ON = date(2026, 11, 12)


def accounts_for(today: date) -> str:
    """The accounts file with every date moved by as many days as `today` is from the one it was written on.

    Cards expire in a month, not on a day: they stay.
    """
    moved_by = today - WRITTEN_ON
    return re.sub(
        r"\b\d{4}-\d\d-\d\d\b",
        lambda found: (date.fromisoformat(found[0]) + moved_by).isoformat(),
        ACCOUNTS.read_text("utf-8"),
    )
