"""The screen of `fovea watch`, which fits the terminal: the curves fill the remaining lines."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.styled import Styled
from rich.table import Table
from rich.text import Text

from api.cli.curve_chart import draw_chart, legend
from api.cli.curves import Chart
from api.cli.metric_cards import metric_cards
from api.cli.plain_text import age, clock
from api.cli.run_text import (
    alert_text,
    condition_text,
    progress_text,
    status_text,
    worst_first,
)
from api.cli.watched_run import WatchedRun
from api.runs.schemas import SystemMetrics
from tracking_plugin.printable import printable

_MIN_CHART_WIDTH = 36
_MAX_CHART_LINES = 24
_MIN_CHART_LINES = 7
_CARD_WIDTH = 13
_FULL_HEIGHT = 20
_CONDITION_WIDTH = 60
_MAX_CONDITIONS = 8
_BAR_WIDTH = 40


class WatchScreen:
    """A rich renderable of a run, in the current size of the terminal."""

    def __init__(
        self,
        run: WatchedRun,
        now: datetime,
        *,
        is_still: bool = False,
        shows_logs: bool = False,
    ) -> None:
        self._run = run
        self._now = now
        self._is_still = is_still
        self._shows_logs = shows_logs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height - 1
        above = [*self._header(width), *self._cards(width, height)]
        below = [*self._conditions(width), *self._logs(height), *self._footer()]
        num_free = min(_MAX_CHART_LINES, height - len(above) - len(below))
        charts = self._charts(width, num_free) if num_free >= _MIN_CHART_LINES else []
        body = Group(*above[1:], *charts, *below)
        yield above[0]
        # Old values must not look live.
        yield body if self._is_current else Styled(body, "dim")

    @property
    def _is_current(self) -> bool:
        link = self._run.link
        return self._run.has_ended or (link is not None and link.is_live)

    def _header(self, width: int) -> list[RenderableType]:
        status = self._run.status
        name = printable(status.run_name or status.run_id or "", max(8, width // 3))
        left = Text.assemble((name, "bold"), "  ", status_text(status.status))
        head = Table.grid(expand=True)
        head.add_column(no_wrap=True, ratio=1)
        head.add_column(no_wrap=True, justify="right")
        head.add_row(left, self._link_text())
        lines: list[RenderableType] = [head, self._progress(width)]
        link, notes = self._run.link, alert_text(status.alert)
        if not self._is_current and link is not None:
            notes.append(f"No connection: {printable(link.reason)}. ", "yellow")
        if status.threshold_problem is not None:
            notes.append(f"{printable(status.threshold_problem)}. ", "yellow")
        notes.append(printable(status.message), "default")
        notes.no_wrap, notes.overflow = True, "ellipsis"
        return [*lines, notes] if notes else lines

    def _link_text(self) -> Text:
        link = self._run.link
        if self._run.has_ended:
            return Text("ended")
        if self._is_still:
            return Text(f"at {self._now:%H:%M:%S} UTC")
        if link is None:
            return Text("connecting", "yellow")
        if link.is_live:
            return Text("● live", "green")
        since = clock((self._now - link.since).total_seconds())
        return Text(f"○ NOT LIVE, reconnecting for {since}", "bold yellow")

    def _progress(self, width: int) -> RenderableType:
        parts = [progress_text(self._run.status), self._time_text()]
        text = printable("  ".join(part for part in parts if part), width)
        share = self._run.share_done
        if share is None:
            return _line(text)
        row = Table.grid(padding=(0, 1))
        row.add_row(
            ProgressBar(total=1.0, completed=share, width=min(_BAR_WIDTH, width // 5)),
            Text(f"{share:4.0%}  {text}", no_wrap=True, overflow="ellipsis"),
        )
        return row

    def _time_text(self) -> str:
        elapsed_s = self._run.elapsed_s(self._now)
        if not self._is_current:
            return f"as of {age(self._run.received_at, self._now)}"
        if elapsed_s is None:
            return ""
        left_s = self._run.eta_s()
        return (
            f"{clock(elapsed_s)}, {clock(left_s)} left" if left_s is not None else clock(elapsed_s)
        )

    def _cards(self, width: int, height: int) -> list[RenderableType]:
        num_in_row = max(1, width // _CARD_WIDTH)
        num_rows = 1 if height < _FULL_HEIGHT else 2
        cards = metric_cards(self._run.metrics)[: num_rows * num_in_row]
        lines: list[RenderableType] = []
        for start in range(0, len(cards), num_in_row):
            row = cards[start : start + num_in_row]
            lines += [
                _cells([Text(card.label, "dim") for card in row], width),
                _cells([Text(card.value, card.style) for card in row], width),
            ]
        return lines

    def _charts(self, width: int, height: int) -> list[RenderableType]:
        charts = self._run.curves.charts()
        num_beside = max(1, min(len(charts), width // _MIN_CHART_WIDTH))
        column = (width - (num_beside - 1)) // num_beside
        grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
        grid.add_row(*[_chart(chart, column, height) for chart in charts[:num_beside]])
        return [grid] if charts else []

    def _conditions(self, width: int) -> list[RenderableType]:
        conditions = worst_first(self._run.metrics.critical_conditions)
        texts = [
            condition_text(name, condition) for name, condition in conditions[:_MAX_CONDITIONS]
        ]
        if len(conditions) > _MAX_CONDITIONS:
            texts.append(Text(f"and {len(conditions) - _MAX_CONDITIONS} more"))
        num_beside = max(1, width // _CONDITION_WIDTH)
        return [
            _cells(texts[start : start + num_beside], width, num_beside)
            for start in range(0, len(texts), num_beside)
        ]

    def _logs(self, height: int) -> list[RenderableType]:
        """The newest lines of the job's log, in a third of the screen."""
        if not self._shows_logs:
            return []
        newest = list(self._run.logs)[-max(1, height // 3) :]
        return [_line(printable(line.message)) for line in newest]

    def _footer(self) -> list[RenderableType]:
        is_over = self._is_still or self._run.has_ended
        hint = "" if is_over else "Ctrl-C ends this view, the run continues"
        text = "   ".join(part for part in (_machine(self._run.system), hint) if part)
        return [_line(text)] if text else []


def _chart(chart: Chart, width: int, height: int) -> Group:
    title = legend(chart)
    title.no_wrap, title.overflow = True, "ellipsis"
    return Group(title, draw_chart(chart, width, height - 1))


def _cells(texts: Sequence[Text], width: int, count: int = 0) -> Table:
    row = Table.grid()
    for _ in texts:
        cell_width = width // count if count else _CARD_WIDTH
        row.add_column(width=cell_width, no_wrap=True, overflow="ellipsis")
    row.add_row(*texts)
    return row


def _line(text: str) -> Text:
    return Text(text, "dim", no_wrap=True, overflow="ellipsis")


def _machine(system: SystemMetrics) -> str:
    gpu = system.gpu
    shares = {
        "CPU": system.cpu_usage,
        "RAM": system.ram_usage,
        "GPU": gpu.usage,
    }
    parts = [f"{name} {share:.0f}%" for name, share in shares.items() if share is not None]
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature:.0f} °C")
    return "  ".join(parts)
