"""A run's status, alerts and conditions as text with a symbol, readable without colour."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from api.alerts.schemas import AlertLevel
from api.cli.plain_text import number
from api.runs.schemas import CriticalCondition, TrainingStatus
from tracking_plugin.critical_conditions import ConditionStatus
from tracking_plugin.names import RunStatus
from tracking_plugin.printable import printable


@dataclass(frozen=True)
class _Appearance:
    symbol: str
    style: str


_WAITING = _Appearance("…", "yellow")
_STATUSES: Mapping[RunStatus, _Appearance] = {
    RunStatus.IDLE: _Appearance("○", "default"),
    RunStatus.PENDING: _WAITING,
    RunStatus.STARTING: _WAITING,
    RunStatus.TRAINING: _Appearance("●", "green"),
    RunStatus.PAUSING: _WAITING,
    RunStatus.PAUSED: _Appearance("‖", "yellow"),
    RunStatus.RESUMING: _WAITING,
    RunStatus.STOPPING: _WAITING,
    RunStatus.STOPPED: _Appearance("■", "yellow"),
    RunStatus.COMPLETED: _Appearance("✓", "green"),
    RunStatus.ERROR: _Appearance("✗", "bold red"),
}
_CONDITIONS: Mapping[ConditionStatus, _Appearance] = {
    ConditionStatus.OK: _Appearance("✓", "green"),
    ConditionStatus.WARNING: _Appearance("!", "yellow"),
    ConditionStatus.CRITICAL: _Appearance("✗", "bold red"),
    ConditionStatus.NO_DATA: _Appearance("?", "default"),
}
_RANKS: Mapping[ConditionStatus, int] = {
    ConditionStatus.CRITICAL: 0,
    ConditionStatus.WARNING: 1,
}

LEVEL_STYLES: Mapping[str, str] = {AlertLevel.CRITICAL: "bold red", AlertLevel.WARNING: "yellow"}


def status_text(status: RunStatus) -> Text:
    appearance = _STATUSES[status]
    return Text(f"{appearance.symbol} {status}", appearance.style)


def alert_text(alert: str | None) -> Text:
    """The level of the worst open alert; empty if no alert is open."""
    if not alert:
        return Text()
    return Text(f"! alert: {printable(alert, 16)} ", "bold red")


def condition_text(name: str, condition: CriticalCondition) -> Text:
    """As in `✗ RAO 0.85 (0.58 to 0.96) critical, 0.99 needed, 13 cases`."""
    appearance = _CONDITIONS[condition.status]
    text = Text(f"{appearance.symbol} ", appearance.style)
    text.append(f"{printable(name, 24)} {number(condition.sensitivity)} ")
    if condition.confidence_interval is not None:
        lower, upper = condition.confidence_interval
        text.append(f"({lower:.2f} to {upper:.2f}) ")
    text.append(condition.status.replace("_", " "))
    if condition.threshold is not None:
        text.append(f", {number(condition.threshold)} needed", "default")
    if condition.support is not None:
        text.append(f", {condition.support} cases", "default")
    return text


def worst_first(conditions: Mapping[str, CriticalCondition]) -> list[tuple[str, CriticalCondition]]:
    """Critical conditions, then those with a warning, then the others by name."""
    return sorted(conditions.items(), key=lambda item: (_RANKS.get(item[1].status, 2), item[0]))


def progress_text(status: TrainingStatus) -> str:
    """As in `epoch 3/8, step 120/400`; the steps count through the whole training."""
    parts = []
    if status.epoch is not None:
        parts.append(f"epoch {_of(status.epoch, status.total_epochs)}")
    if status.step is not None:
        per_epoch, epochs = status.total_batches, status.total_epochs
        total = per_epoch * epochs if per_epoch is not None and epochs is not None else None
        parts.append(f"step {_of(status.step, total)}")
    return ", ".join(parts)


def _of(count: int, total: int | None) -> str:
    return f"{count}/{total}" if total is not None else str(count)
