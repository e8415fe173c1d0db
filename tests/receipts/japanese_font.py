"""The letters of a Japanese buyer: from the extra `cjk`, which `make setup` installs, or from the machine."""

import os

import pytest

from bot.receipts.fonts import find_missing_characters


def need_japanese_font() -> None:
    """Skips, or fails if the run requires the font."""
    if not find_missing_characters("株式会社アクメ"):
        return
    reason = "no font with Japanese letters: pip install noto-cjk-sans-jp-regular, or Debian's fonts-noto-cjk"
    if os.environ.get("SEATBOT_FONTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
