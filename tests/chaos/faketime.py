"""Sets the wall clock of a process, with libfaketime from Debian's package of that name."""

import asyncio
from pathlib import Path

# The monotonic clock stays as it is, as when NTP corrects the time or a machine resumes.
FOLDERS = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime")
LIBRARY = next((path for folder in FOLDERS if (path := Path(folder, "libfaketimeMT.so.1")).exists()), None)
REASON = "needs libfaketime: apt-get install faketime"


class WallClock:
    """The clock of a process that was started with `environment`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text("+0\n")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }

    async def set_offset(self, hours: int) -> None:
        """Returns once the process has read it."""
        # In one write: an empty file would stop the process.
        temporary = self._file.with_suffix(".new")
        temporary.write_text(f"{hours * 3600:+d}\n")
        temporary.replace(self._file)
        await asyncio.sleep(1.5)
