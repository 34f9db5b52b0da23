"""Follows one run until it ends and passes its messages to a viewer."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Protocol

from api.background import in_background
from api.cli.curves import charted_metrics
from api.cli.metric_cards import logged_values
from api.cli.watched_run import WatchedRun
from api.client import AsyncFoveaClient
from api.client.live import Link
from api.errors import ApiError
from api.live.messages import InitialState, ServerMessage
from api.runs.schemas import MetricPoint, MetricsData

TICK_S = 0.25

_HISTORY_POINTS = 1000
_REFETCH_INTERVAL_S = 5.0


class Viewer(Protocol):
    """Shows a run."""

    draws_curves: bool

    def on_message(self, run: WatchedRun, message: ServerMessage) -> None:
        """`run` already includes `message`."""
        ...

    def on_link(self, link: Link) -> None: ...

    def on_tick(self, run: WatchedRun, now: datetime) -> None:
        """Called four times a second, even without messages."""
        ...


async def follow_run(client: AsyncFoveaClient, run_id: str, viewer: Viewer) -> WatchedRun:
    """The run as it was when it ended; raises ApiError if the live stream ends before."""
    run = WatchedRun()
    async with in_background(_read(client, run_id, run, viewer)) as (reader,):
        while not reader.done():
            viewer.on_tick(run, datetime.now(UTC))
            await asyncio.wait([reader], timeout=TICK_S)
        reader.result()
        return run


async def _read(client: AsyncFoveaClient, run_id: str, run: WatchedRun, viewer: Viewer) -> None:
    def on_link(link: Link) -> None:
        run.link = link
        viewer.on_link(link)

    fetched_at = datetime.min.replace(tzinfo=UTC)
    async with aclosing(client.watch(run_id, on_link=on_link)) as messages:
        async for message in messages:
            now = datetime.now(UTC)
            run.apply(message, now)
            is_due = run.has_gap and (now - fetched_at).total_seconds() > _REFETCH_INTERVAL_S
            if viewer.draws_curves and (isinstance(message, InitialState) or is_due):
                if run.has_gap:
                    # Updates have only what changed, so the missed ones are in none of the later.
                    run.metrics = await _latest(client, run_id, run)
                run.add_history(await _history(client, run_id, run))
                run.has_gap, fetched_at = False, now
            viewer.on_message(run, message)
            if run.has_ended:
                return


async def _latest(client: AsyncFoveaClient, run_id: str, run: WatchedRun) -> MetricsData:
    with suppress(ApiError):
        return await client.latest(run_id)
    return run.metrics


async def _history(client: AsyncFoveaClient, run_id: str, run: WatchedRun) -> Sequence[MetricPoint]:
    points: list[MetricPoint] = []
    # Without the history, the curves start now; following the run matters more.
    with suppress(ApiError):
        for metrics in charted_metrics(logged_values(run.metrics)).values():
            for metric in metrics:
                found = await client.performance(metric, run_id, limit=_HISTORY_POINTS)
                points += found.entries
    return points
