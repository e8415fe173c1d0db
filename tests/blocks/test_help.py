import pytest

from bot.blocks.help import help_text
from bot.i18n import Reader


@pytest.mark.parametrize("command", ["/add-seats", "/quotes", "/service-orders", "/billing"])
def test_each_command_explains_itself(command: str, reader: Reader) -> None:
    assert help_text(reader, command).startswith(f"*`{command}`*")
