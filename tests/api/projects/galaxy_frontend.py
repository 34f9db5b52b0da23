"""A model of the galaxy frontend without a browser: its types, and its class TrainingWebSocket."""

import json
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from tests.waiting import DEADLINE_S

Status = Literal[
    *("created", "uploading", "analyzing", "processing", "training"),
    *("evaluating", "deploying", "completed", "failed", "cancelled"),
]
Stage = Literal[
    *("data_upload", "data_analysis", "data_processing", "feature_engineering"),
    *("model_selection", "model_training", "model_evaluation", "model_deployment"),
]


def _moment(text: str) -> str:
    assert datetime.fromisoformat(text).tzinfo is not None, "a browser would take it for local time"
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class Expected(BaseModel):
    """Further fields are allowed; each named field must exist and have its type without conversion."""

    model_config = ConfigDict(strict=True, frozen=True)


class ProjectResponse(Expected):
    project_id: str
    project_name: str
    status: Status
    created_at: Moment
    dataset_info: dict[str, Any]
    message: str


class ProjectSummary(Expected):
    project_id: str
    project_name: str
    status: Status
    created_at: Moment
    updated_at: Moment
    dataset_name: str
    problem_description: str
    progress_percentage: int


class ProjectDetail(Expected):
    project_id: str
    project_name: str
    status: Status
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    dataset_id: str
    dataset_name: str
    dataset_type: str
    num_samples: int
    num_features: int | None
    problem_description: str
    problem_type: str | None
    selected_models: list[str] | None
    best_model_id: str | None
    metrics: dict[str, float] | None
    evaluation_report: dict[str, Any] | None
    endpoint_id: str | None
    prediction_endpoint: str | None
    artifact_paths: dict[str, str]


class ProjectProgress(Expected):
    project_id: str
    status: Status
    current_stage: Stage
    progress_percentage: int
    message: str
    stage_details: dict[str, Any] | None
    estimated_time_remaining: int | None


class WebSocketEvent(Expected):
    event_type: Literal["stage_change", "progress_update", "log", "error", "completed"]
    project_id: str
    timestamp: Moment
    data: dict[str, Any]


MAX_RECONNECT_ATTEMPTS = 5
RECONNECT_DELAY_S = 1.0


@dataclass
class TrainingWebSocket:
    """Connects, and again after each close or failure, a second later each time, as the frontend's class does."""

    base_url: str
    """`VITE_WS_URL`, such as ws://localhost:8000/api/v1/ws."""
    events: "queue.Queue[WebSocketEvent]" = field(default_factory=queue.Queue)
    num_opened: int = 0
    close_codes: list[int] = field(default_factory=list)
    _attempts: int = 0
    """Since the socket was open, at most MAX_RECONNECT_ATTEMPTS."""
    _disconnected: threading.Event = field(default_factory=threading.Event)
    _socket: ClientConnection | None = None

    def connect(self, project_id: str) -> None:
        threading.Thread(target=self._run, args=(project_id,), daemon=True).start()

    def _run(self, project_id: str) -> None:
        self._open(f"{self.base_url}/projects/{project_id}/stream")
        while self._attempts < MAX_RECONNECT_ATTEMPTS:
            self._attempts += 1
            if self._disconnected.wait(RECONNECT_DELAY_S * self._attempts):
                return
            self._open(f"{self.base_url}/projects/{project_id}/stream")

    def _open(self, url: str) -> None:
        """Receive until the socket is closed, or cannot be opened."""
        with suppress(OSError, InvalidHandshake), connect(url) as self._socket:
            self._attempts = 0
            self.num_opened += 1
            with suppress(ConnectionClosed):
                for text in self._socket:
                    self.events.put(WebSocketEvent.model_validate(json.loads(text)))
            self.close_codes.append(self._socket.close_code or 0)

    def send(self, data: object) -> None:
        if self._socket is not None:
            self._socket.send(json.dumps(data))

    def disconnect(self) -> None:
        self._disconnected.set()
        if self._socket is not None:
            self._socket.close()

    def until(self, condition: Callable[[WebSocketEvent], bool]) -> list[WebSocketEvent]:
        """The events up to the first one that fulfils the condition."""
        received = []
        while True:
            received.append(self.events.get(timeout=DEADLINE_S))
            if condition(received[-1]):
                return received
