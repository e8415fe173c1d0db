"""Measures the time and memory of an import: `python -m bench.import_accounts [accounts]`."""

import asyncio
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from tests.large_accounts_file import build_large_accounts_file


async def measure_imports(accounts: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.yml"
        path.write_text(build_large_accounts_file(accounts), "utf-8")
        database = Database(f"sqlite:///{folder}/bench.db")
        await database.migrate()
        lines = []
        for name in ("first", "repeated"):
            started = time.perf_counter()
            await import_accounts(database, path=path, at=datetime(2026, 11, 22, 10, tzinfo=UTC))
            seconds = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            lines.append(f"{name} import of {accounts} accounts: {seconds:.1f} s, {peak} MB")
        await database.close()
        return lines


if __name__ == "__main__":
    for line in asyncio.run(measure_imports(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)):
        print(line)  # noqa: T201
