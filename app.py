"""The entry point: `python app.py --help` lists the commands."""

import gc

# All that is imported stays, so looking for garbage among it only delays the start.
gc.disable()
from bot.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
