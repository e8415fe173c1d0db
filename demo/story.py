"""The demo's accounts, as of any day."""

import re
from datetime import date
from pathlib import Path

ACCOUNTS_PATH = Path(__file__).parent / "accounts.yml"
WORKSPACE_PATH = Path(__file__).parent / "workspace.yml"
STORY_DATE = date(2026, 11, 12)


def render_accounts(today: date) -> str:
    """The accounts file with every date moved by as many days as `today` is from the one it was written on.

    Cards expire in a month, not on a day: they stay.
    """
    moved_by = today - STORY_DATE
    return re.sub(
        r"\b\d{4}-\d\d-\d\d\b",
        lambda found: (date.fromisoformat(found[0]) + moved_by).isoformat(),
        ACCOUNTS_PATH.read_text("utf-8"),
    )
