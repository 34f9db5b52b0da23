"""The queue of series to evaluate from the store: each is given out when it is due, one per run at a time."""

import asyncio
import time
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count

from api.alerts.live_series import LiveSeries

_Entry = tuple[float, int, LiveSeries]
"""When the series is due, and the number of the entry, which decides between equal times."""


class EvaluationQueue:
    """For one event loop. Holds each series once, so its size is bounded by the followed runs.

    Finding the next one takes a time that grows with the number of runs, not with that of a run's
    series: a run may have a hundred thousand.
    """

    def __init__(self) -> None:
        self._due_s: dict[LiveSeries, float] = {}
        self._of_run: dict[str, list[_Entry]] = {}
        """A heap for each run. Entries whose time is not that of `_due_s` are outdated."""
        self._order = count()
        self._running: set[LiveSeries] = set()
        self._has_changed = asyncio.Event()

    def put(self, series: LiveSeries, after_s: float) -> None:
        """Queue `series`; if it is queued already, the earlier time counts."""
        due_s = time.monotonic() + after_s
        if due_s < self._due_s.get(series, float("inf")):
            self._due_s[series] = due_s
            heap = self._of_run.setdefault(series.instance.run_id, [])
            heappush(heap, (due_s, next(self._order), series))
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
            wait_s = None
            if (first := self._first()) is not None:
                due_s, _, series = first
                if (wait_s := due_s - time.monotonic()) <= 0:
                    del self._due_s[series]
                    self._running.add(series)
                    return series
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._has_changed.wait()

    def _first(self) -> _Entry | None:
        busy_runs = {series.instance.run_id for series in self._running}
        free = [run_id for run_id in self._of_run if run_id not in busy_runs]
        entries = (entry for run_id in free if (entry := self._first_of(run_id)) is not None)
        return min(entries, default=None)

    def _first_of(self, run_id: str) -> _Entry | None:
        heap = self._of_run[run_id]
        while heap and self._due_s.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        if not heap:
            del self._of_run[run_id]
            return None
        return heap[0]

    def done(self, series: LiveSeries) -> None:
        """May be called twice."""
        self._running.discard(series)
        self._has_changed.set()
