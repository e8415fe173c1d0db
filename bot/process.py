"""What concerns the whole process: its signals, and its garbage collector."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Coroutine


class ShutdownSignals:
    """SIGTERM asks for a shutdown with the delay that load balancers need, SIGINT for one without it."""

    def __init__(self) -> None:
        self._requested, self._immediate = asyncio.Event(), asyncio.Event()

    def register_handlers(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._requested.set)
        loop.add_signal_handler(signal.SIGINT, self._request_immediate_shutdown)

    def _request_immediate_shutdown(self) -> None:
        self._immediate.set()
        self._requested.set()

    async def wait_for_shutdown(self) -> None:
        await self._requested.wait()

    async def run_unless_requested(self, work: Coroutine[None, None, None]) -> bool:
        """Returns False if a shutdown was requested before the work ended: then the work is cancelled."""
        running, requested = asyncio.create_task(work), asyncio.create_task(self._requested.wait())
        try:
            await asyncio.wait({running, requested}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            return running.done()
        finally:
            for task in (running, requested):
                task.cancel()
            await asyncio.gather(running, requested, return_exceptions=True)

    async def wait_for_delay(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._immediate.wait(), seconds)


def tune_garbage_collection() -> None:
    # Objects made at startup stay, so they are not scanned again; later ones are scanned less often.
    # Collecting would otherwise take a quarter of the processor time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
