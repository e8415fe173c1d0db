"""The version of this program, which is the one in pyproject.toml, and how it was started.

Between releases it is the next one's, as a development version: 1.2.0.dev0 comes before 1.2.0."""

import sys
from pathlib import Path

VERSION = "1.2.0.dev0"
# The command that advice names: that of the package, or the entry point of a checkout.
PROGRAM = "seatbot" if Path(sys.argv[0]).stem == "seatbot" else "python app.py"
