"""A model of the monitor's frontend without a browser: its types, its store, and what it draws."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.waiting import DEADLINE_S

T = TypeVar("T")

Measured = float | None
"""The frontend's type is number. Null, for a value that was not logged, counts as 0 in its
computations and as a gap in its charts, so it is allowed; an absent field is not."""


def _moment(text: str) -> str:
    assert datetime.fromisoformat(text).tzinfo is not None, "a browser would take it for local time"
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class Expected(BaseModel):
    """Further fields are allowed; each named field must exist and have its type without conversion."""

    model_config = ConfigDict(strict=True, frozen=True)


class TrainVal(Expected):
    train: Measured
    val: Measured


class AucRoc(Expected):
    macro: Measured
    weighted: Measured


class Condition(Expected):
    sensitivity: Measured
    threshold: float
    # The page only compares with `ok`, so that it draws any other word as a problem.
    status: Literal["ok", "warning", "critical", "no_data"]


class Metrics(Expected):
    loss: TrainVal
    accuracy: TrainVal
    auc_roc: AucRoc
    f1_score: Measured
    learning_rate: Measured
    critical_conditions: dict[str, Condition]
    per_class: dict[str, Measured]


class Snapshot(Expected):
    timestamp: Moment
    epoch: int
    batch: int
    metrics: Metrics


class Point(Expected):
    metric: str
    epoch: int
    batch: int
    value: Measured


class Status(Expected):
    status: str
    epoch: int | None
    total_epochs: int | None
    batch: int | None
    total_batches: int | None
    elapsed_time: Measured
    eta_seconds: Measured


class EpochDetails(Expected):
    epoch: int
    total_batches: int
    start_time: Moment
    end_time: Moment | None = None
    duration: Measured = None
    metrics: Metrics
    confusion_matrix: list[list[int]] | None = None
    class_report: dict[str, dict[str, Measured]] | None = None


class ComparedEpoch(Expected):
    epoch: int
    metrics: Metrics


class Comparison(Expected):
    epochs: list[ComparedEpoch]


class Alert(Expected):
    alert_id: str
    timestamp: Moment
    condition: str
    current_value: float
    threshold: float
    level: Literal["critical", "warning"]
    message: str
    epoch: int
    batch: int
    recommendation: str | None = None


class TrainingGpu(Expected):
    usage: float
    memory_used: float
    memory_total: float
    temperature: float


class TrainingMachine(Expected):
    cpu_usage: float
    ram_usage: float
    gpu: TrainingGpu


class Cpu(Expected):
    usage_percent: float
    count: int


class Space(Expected):
    total: int
    used: int
    percent: float


class Memory(Space):
    available: int


class Disk(Space):
    free: int


class Gpu(Expected):
    id: int
    name: str
    load: Measured
    memory_used: Measured
    memory_total: Measured
    memory_percent: Measured
    temperature: Measured


class SystemStats(Expected):
    cpu: Cpu
    memory: Memory
    gpu: list[Gpu]
    disk: Disk


class InitialState(Expected):
    status: Status
    metrics: Metrics
    history: list[Snapshot]


class MetricsUpdate(Expected):
    epoch: int
    batch: int
    total_batches: int
    metrics: Metrics
    system: TrainingMachine
    timestamp: Moment


class SystemUpdate(TrainingMachine):
    timestamp: Moment


class Answer(Expected):
    """The response to a button; while a run applies a command, the status may be an intermediate one."""

    status: Literal["success", "error"]
    message: str
    training_status: str


class SettledAnswer(Answer):
    """The response once the run has applied the command: only statuses that the page knows."""

    training_status: Literal["idle", "training", "paused", "completed", "error"]


class Row(NamedTuple):
    """One position on the chart's axis."""

    epoch: int
    batch: int
    train_loss: Measured
    val_loss: Measured
    train_acc: Measured
    val_acc: Measured


@dataclass
class Store:
    """The state of the page, of which each kind of message updates a part."""

    status: Status | None = None
    words: list[str] = field(default_factory=list)
    """The shown statuses in order."""
    metrics: Metrics | None = None
    history: list[Snapshot] = field(default_factory=list)
    performance: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    """Values of loss and accuracy, in training and validation, one per update."""
    system: TrainingMachine | None = None
    alerts: list[Alert] = field(default_factory=list)
    passed_over: set[str] = field(default_factory=set)
    """Types of messages that the page does not know."""

    def on_message(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "initial_state":
                first = InitialState.model_validate(message)
                self.metrics, self.history = first.metrics, first.history
                self._show(first.status)
            case "metrics_update":
                self._add(MetricsUpdate.model_validate(message))
            case "status_update":
                self._show(Status.model_validate(message["status"]))
            case "system_update":
                self.system = SystemUpdate.model_validate(message)
            case "critical_alert":
                self.alerts.append(Alert.model_validate(message["alert"]))
            case unknown:
                self.passed_over.add(unknown)

    def _show(self, status: Status) -> None:
        self.status = status
        if [status.status] != self.words[-1:]:
            self.words.append(status.status)

    def _add(self, update: MetricsUpdate) -> None:
        self.metrics, self.system = update.metrics, update.system
        for name in ("loss", "accuracy"):
            for part in ("train", "val"):
                value = getattr(getattr(update.metrics, name), part)
                point = Point(metric=name, epoch=update.epoch, batch=update.batch, value=value)
                self.performance.setdefault((name, part), []).append(point)

    def chart(self) -> list[Row]:
        """The four curves, aligned by the index of their points."""
        others = [("loss", "val"), ("accuracy", "train"), ("accuracy", "val")]
        return [
            Row(
                point.epoch,
                point.batch,
                point.value,
                *(self.performance[name][index].value or None for name in others),
            )
            for index, point in enumerate(self.performance["loss", "train"])
        ]


def drawn_conditions(metrics: Metrics) -> dict[str, tuple[str, str]]:
    """Percentage and colour of each critical condition's badge."""
    return {
        name: (
            f"{(condition.sensitivity or 0) * 100:.1f}%",
            "success" if condition.status == "ok" else "destructive",
        )
        for name, condition in metrics.critical_conditions.items()
    }


class Page:
    """The open page, which sends the same requests as the real one."""

    def __init__(self, url: str, socket: ClientConnection, http: httpx.Client) -> None:
        self._url, self._socket, self._http = url, socket, http
        self.store = Store()

    def until(self, is_shown: Callable[[Store], object], what: str) -> Store:
        """The store, once messages have made the condition true."""
        end = time.monotonic() + DEADLINE_S
        while not is_shown(self.store):
            try:
                text = self._socket.recv(max(0.0, end - time.monotonic()))
            except TimeoutError:
                raise AssertionError(
                    f"{what}: not within {DEADLINE_S:.0f} s; {self.store}"
                ) from None
            self.store.on_message(json.loads(text))
        return self.store

    def until_status(self, word: str) -> None:
        """Wait until the run has that status."""
        self.until(lambda store: store.words[-1] == word, word)

    def post(self, path: str) -> httpx.Response:
        """As the page's `fetch`: no body, but its header; the browser adds the origin."""
        headers = {"Content-Type": "application/json", "Origin": self._url}
        return self._http.post(path, headers=headers)

    def press(self, button: str, expected: type[Answer] = Answer) -> Answer:
        response = self.post(f"/api/training/{button}")
        return expected.model_validate_json(response.content)

    def get(self, path: str, expected: type[T]) -> T:
        response = self._http.get(path)
        assert response.status_code == 200, response.text
        return TypeAdapter(expected).validate_json(response.content)


@contextmanager
def open_page(url: str) -> Iterator[Page]:
    """The page, connected and with the initial state."""
    address = f"{url.replace('http', 'ws', 1)}/ws"
    with (
        connect(address, origin=Origin(url)) as socket,
        httpx.Client(base_url=url, timeout=DEADLINE_S) as http,
    ):
        page = Page(url, socket, http)
        page.until(lambda store: store.status, "the initial state")
        yield page
