"""The version of this program, which is the one in pyproject.toml, and how it was started."""

import sys
from pathlib import Path

VERSION = "1.1.0"
# In advice: the command of the package, or the entry point of a checkout.
PROGRAM = "seatbot" if Path(sys.argv[0]).stem == "seatbot" else "python app.py"
