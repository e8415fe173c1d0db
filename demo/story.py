"""The demo's accounts, as of any day."""

import re
from datetime import date
from pathlib import Path

from sandbox.config import ORGANISATION_ID

ACCOUNTS_PATH = Path(__file__).parent / "accounts.yml"
WORKSPACE_PATH = Path(__file__).parent / "workspace.yml"
STORY_DATE = date(2026, 11, 12)
# With an organisation, this account belongs to it as a whole.
ORGANISATION_ACCOUNT = re.compile(r"(  - id: bolt\n.*\n)    slack_team: \w+\n")


def render_accounts(today: date, *, organisation: bool = False) -> str:
    """The accounts file with every date moved by as many days as `today` is from the one it was written on.

    Cards expire in a month, not on a day: they stay.
    """
    moved_by, text = today - STORY_DATE, ACCOUNTS_PATH.read_text("utf-8")
    if organisation:
        text = ORGANISATION_ACCOUNT.sub(rf"\1    slack_enterprise: {ORGANISATION_ID}\n", text)
    return re.sub(
        r"\b\d{4}-\d\d-\d\d\b",
        lambda found: (date.fromisoformat(found[0]) + moved_by).isoformat(),
        text,
    )
