"""Which series is evaluated as a whole next: each when it is due, and of each run one at a time."""

import asyncio
import time
from contextlib import suppress

from api.alerts.live_series import LiveSeries


class EvaluationQueue:
    """For one event loop; holds each series once, so it is bounded by the runs that are followed."""

    def __init__(self) -> None:
        self._due: dict[LiveSeries, float] = {}
        self._taken: set[LiveSeries] = set()
        self._has_changed = asyncio.Event()

    def put(self, series: LiveSeries, after_s: float) -> None:
        """The earlier of two times counts."""
        due = time.monotonic() + after_s
        self._due[series] = min(due, self._due.get(series, due))
        self._has_changed.set()

    def waits(self, series: LiveSeries) -> bool:
        return series in self._due

    def is_taken(self, series: LiveSeries) -> bool:
        return series in self._taken

    async def take(self) -> LiveSeries:
        """The one that is due longest, of a run of which none is taken; end it with `done`."""
        while True:
            self._has_changed.clear()
            busy_runs = {series.watch.run_id for series in self._taken}
            free = [it for it in self._due.items() if it[0].watch.run_id not in busy_runs]
            wait_s = None
            if free:
                series, due = min(free, key=lambda item: item[1])
                if (wait_s := due - time.monotonic()) <= 0:
                    del self._due[series]
                    self._taken.add(series)
                    return series
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._has_changed.wait()

    def done(self, series: LiveSeries) -> None:
        """May be called twice."""
        self._taken.discard(series)
        self._has_changed.set()
