"""A run without a browser says so, and fails if one is required."""

import re
from pathlib import Path

import pytest

from tests.sandbox import browser

RUN = Path(__file__).parents[2] / ".ci/run"


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "CHROMIUM_PATHS", [Path("/nowhere/chromium")])
    monkeypatch.delenv("SEATBOT_BROWSER", raising=False)


def test_without_a_browser_a_test_is_skipped_with_what_to_install() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        browser.find_chromium()


def test_without_a_browser_the_run_that_needs_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = "SEATBOT_BROWSER", "required"
    assert re.search(rf"^{name}={value} .*make check$", RUN.read_text("utf-8"), re.MULTILINE)
    monkeypatch.setenv(name, value)
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        browser.find_chromium()
