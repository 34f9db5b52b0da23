"""The queue of series to evaluate from the store: each is given out when it is due, one per run at a time."""

import asyncio
import time
from contextlib import suppress

from api.alerts.live_series import LiveSeries


class EvaluationQueue:
    """For one event loop. Holds each series once, so its size is bounded by the followed runs."""

    def __init__(self) -> None:
        self._due_s: dict[LiveSeries, float] = {}
        self._running: set[LiveSeries] = set()
        self._has_changed = asyncio.Event()

    def put(self, series: LiveSeries, after_s: float) -> None:
        """Queue `series`; if it is queued already, the earlier time counts."""
        due_s = time.monotonic() + after_s
        self._due_s[series] = min(due_s, self._due_s.get(series, due_s))
        self._has_changed.set()

    def is_queued(self, series: LiveSeries) -> bool:
        return series in self._due_s

    def is_running(self, series: LiveSeries) -> bool:
        return series in self._running

    async def get(self) -> LiveSeries:
        """Wait for the series that has been due longest, of a run of which none is running.

        It is running until `done` is called with it.
        """
        while True:
            self._has_changed.clear()
            busy_runs = {series.instance.run_id for series in self._running}
            free = [it for it in self._due_s.items() if it[0].instance.run_id not in busy_runs]
            wait_s = None
            if free:
                series, due_s = min(free, key=lambda item: item[1])
                if (wait_s := due_s - time.monotonic()) <= 0:
                    del self._due_s[series]
                    self._running.add(series)
                    return series
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._has_changed.wait()

    def done(self, series: LiveSeries) -> None:
        """May be called twice."""
        self._running.discard(series)
        self._has_changed.set()
