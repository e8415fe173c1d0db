import pytest

from bot.blocks.help import format_help
from bot.i18n import Localizer


@pytest.mark.parametrize("command", ["/add-seats", "/quotes", "/service-orders", "/billing"])
def test_each_command_explains_itself(command: str, reader: Localizer) -> None:
    assert format_help(reader, command).startswith(f"*`{command}`*")
