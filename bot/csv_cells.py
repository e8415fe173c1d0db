"""CSV that opens in a spreadsheet: what people typed stays text, and UTF-8 is recognised."""

import re
from typing import Any

from models.text.control_characters import escape_control_characters

# A spreadsheet takes a cell that begins with such a sign, or its wide form, for a formula. Which cells there
# are depends on its settings: some split a line at semicolons or tabs, whatever is in quotes.
# Blanks and quotes before the sign are not part of the cell.
FORMULA_PATTERN = re.compile(r"((?:^|[,;\t\n])[\s\"]*)([=+\-@\uff1d\uff0b\uff0d\uff20])")
# Spreadsheets recognise UTF-8 by it.
BYTE_ORDER_MARK = "\ufeff"


def escape_cell(value: Any) -> Any:
    # A leading apostrophe turns a formula into text. Control characters are escaped, because the output may
    # go to a terminal.
    if not isinstance(value, str):
        return value
    return FORMULA_PATTERN.sub(r"\1'\2", escape_control_characters(value))
