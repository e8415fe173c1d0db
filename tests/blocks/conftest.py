from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from bot.i18n import Localizer

FAULTS = ("translation.missing", "translation.format_failed")


@pytest.fixture(autouse=True)
def _no_faulty_message() -> Iterator[None]:
    """Whatever a test renders, every message exists and all its variables are filled."""
    with capture_logs() as logs:
        yield
    assert [entry for entry in logs if entry["event"] in FAULTS] == []


@pytest.fixture(params=["en-GB", "fr-FR"], ids=["en", "fr"])
def reader(request: pytest.FixtureRequest) -> Localizer:
    return Localizer(request.param, "Europe/Paris")


@pytest.fixture
def english() -> Localizer:
    return Localizer("en-GB", "Europe/Paris")
