"""The monitor's frontend without its browser: the types it trusts, what it keeps, and what it draws from that."""

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
"""Its types say number. The server has null for what nobody has logged, which is 0 where the page
computes with it and a gap where it draws a line, so it may be null; absent it may not be."""


def _moment(text: str) -> str:
    assert datetime.fromisoformat(text).tzinfo is not None, "a browser would take it for local time"
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class Expected(BaseModel):
    """Fields may be added to, but each named one is there, and of its type without conversion."""

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
    # The page compares with `ok` alone, so that a word it does not know is drawn as trouble.
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
    """To a button. While a run is on its way to what it was told, the server has words of its own for that."""

    status: Literal["success", "error"]
    message: str
    training_status: str


class SettledAnswer(Answer):
    """Once the run does as it was told: the page's own words."""

    training_status: Literal["idle", "training", "paused", "completed", "error"]


class Row(NamedTuple):
    """One place on the chart's axis."""

    epoch: int
    batch: int
    train_loss: Measured
    val_loss: Measured
    train_acc: Measured
    val_acc: Measured


@dataclass
class Store:
    """What the page knows; each kind of message changes its own part."""

    status: Status | None = None
    words: list[str] = field(default_factory=list)
    """The status words that were shown, one after the other."""
    metrics: Metrics | None = None
    history: list[Snapshot] = field(default_factory=list)
    performance: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    """Of loss and accuracy, in training and validation: the update's value each time one comes."""
    system: TrainingMachine | None = None
    alerts: list[Alert] = field(default_factory=list)
    passed_over: set[str] = field(default_factory=set)
    """Types of messages that the page has never heard of."""

    def take(self, message: dict[str, Any]) -> None:
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
        """The four curves, brought together by their points' places in the lists."""
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
    """The open page: it asks with the few words that it has always asked with."""

    def __init__(self, url: str, socket: ClientConnection, http: httpx.Client) -> None:
        self._url, self._socket, self._http = url, socket, http
        self.store = Store()

    def until(self, is_shown: Callable[[Store], object], what: str) -> Store:
        """The store, once what has come makes it so."""
        end = time.monotonic() + DEADLINE_S
        while not is_shown(self.store):
            try:
                text = self._socket.recv(max(0.0, end - time.monotonic()))
            except TimeoutError:
                raise AssertionError(
                    f"{what}: not within {DEADLINE_S:.0f} s; {self.store}"
                ) from None
            self.store.take(json.loads(text))
        return self.store

    def until_word(self, word: str) -> None:
        """Until the run's status is that."""
        self.until(lambda store: store.words[-1] == word, word)

    def post(self, path: str) -> httpx.Response:
        """As its `fetch`: no body, but the header of one; the browser adds whose page it is."""
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
    """The dashboard while it is shown: connected, and told the initial state."""
    address = f"{url.replace('http', 'ws', 1)}/ws"
    with (
        connect(address, origin=Origin(url)) as socket,
        httpx.Client(base_url=url, timeout=DEADLINE_S) as http,
    ):
        page = Page(url, socket, http)
        page.until(lambda store: store.status, "the initial state")
        yield page
