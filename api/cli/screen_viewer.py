"""Shows a run on the terminal's alternate screen, and restores the terminal afterwards."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from api.cli.watch_screen import WatchScreen
from api.cli.watched_run import WatchedRun
from api.client.live import Link
from api.live.messages import ServerMessage


class ScreenViewer:
    """Draws on every tick; when the run has ended, the last screen stays in the terminal."""

    draws_curves = True

    def __init__(self, console: Console, *, shows_logs: bool = False) -> None:
        self._console = console
        self._shows_logs = shows_logs
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._run = WatchedRun()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()
        if self._run.has_ended:
            self._console.print(self._screen(self._run, datetime.now(UTC)))

    def on_message(self, run: WatchedRun, message: ServerMessage) -> None:
        """The next tick draws it."""
        self._run = run

    def on_link(self, link: Link) -> None:
        """The next tick draws it."""

    def on_tick(self, run: WatchedRun, now: datetime) -> None:
        self._live.update(self._screen(run, now), refresh=True)

    def _screen(self, run: WatchedRun, now: datetime) -> WatchScreen:
        return WatchScreen(run, now, shows_logs=self._shows_logs)
