"""A server that trains on Ray, used over HTTP as by a client program."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from mlflow import MlflowClient

from tests.servers import Server, fovea_server
from tests.training.data.images import make_folder
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead

DEADLINE_S = 400.0
PARAMS: Mapping[str, Any] = {
    "preset": "small",
    "backbone": "test_resnet",
    "image_size": 32,
    "batch_size": 2,
    "epochs": 2,
}
"""A training of a few seconds: 36 images over 2 ranks of 2 are 9 steps an epoch."""


class Trainings:
    """The API about jobs, as its clients use it."""

    def __init__(self, server: Server, data: Path) -> None:
        self.server = server
        self.data = data
        self.http = httpx.Client(base_url=server.url, timeout=120)
        self.mlflow = MlflowClient(server.url)

    def start(self, **params: object) -> str:
        """The id of a new training's run."""
        return self.start_on(str(self.data), **params)

    def start_on(self, data: str, **params: object) -> str:
        body = {"data": data, "params": {**PARAMS, **params}, "workers": 2}
        answer = self.http.post("/api/training/start", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["run_id"])

    def create_job(self, kind: str, *, start: bool = True, **params: object) -> dict[str, Any]:
        answer = self.http.post("/api/jobs", json={"kind": kind, "params": params, "start": start})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def post(self, action: str, run_id: str, **body: object) -> httpx.Response:
        return self.http.post(f"/api/training/{action}", params={"run_id": run_id}, json=body)

    def acknowledged(self, action: str, run_id: str, **body: object) -> dict[str, Any]:
        """Send a command and wait until the run has acknowledged it; returns the response."""
        answer = self.post(action, run_id, **{"timeout_s": 100, **body})
        assert answer.status_code == 200, answer.text
        assert answer.json()["acknowledged"], (answer.text, self.entry(run_id), self.logs(run_id))
        return dict(answer.json())

    def entry(self, run_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/jobs/{run_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def logs(self, run_id: str) -> list[str]:
        return [line["message"] for line in self.http.get(f"/api/jobs/{run_id}/logs").json()]

    def wait(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """The job's entry once it has one of these statuses."""

        def there() -> dict[str, Any] | None:
            entry = self.entry(run_id)
            assert entry["status"] in statuses or entry["status"] not in ("error", "completed"), (
                entry["message"],
                self.logs(run_id)[-20:],
            )
            return entry if entry["status"] in statuses else None

        return until(there, f"{' or '.join(statuses)} of run {run_id}", DEADLINE_S)

    def wait_for_step(self, run_id: str, step: int) -> int:
        """The newest step once that is at least `step`."""
        return until(
            lambda: max(
                [point for point in [self.entry(run_id)["current_step"] or 0] if point >= step],
                default=None,
            ),
            f"step {step} of run {run_id}",
            DEADLINE_S,
        )

    def mlflow_status(self, run_id: str) -> tuple[str, str]:
        run = self.mlflow.get_run(run_id)
        return run.info.status, run.data.tags["fovea.status"]

    def curve(self, run_id: str, metric: str = "train/loss") -> list[tuple[int, float]]:
        """All points of the metric in MLflow."""
        history = self.mlflow.get_metric_history(run_id, metric)
        return sorted((point.step, point.value) for point in history)

    def outcomes(self, run_id: str) -> list[tuple[str, str]]:
        """Each command with its outcome, oldest first."""
        entries = self.http.get(f"/api/training/{run_id}/commands").json()
        return [(entry["action"], entry["outcome"]) for entry in reversed(entries)]


@contextmanager
def trainings(
    folder: Path,
    head: LocalHead | None = None,
    *,
    port: int | None = None,
    keeps_head: bool = False,
    **settings: str,
) -> Iterator[Trainings]:
    """A server on `head`, or with one of its own. The same folder and port make it the same server."""
    data = folder / "images"
    if not data.exists():
        make_folder(data, {"train": 12, "val": 4, "test": 4})
    environment = {
        "FOVEA_RAY_ADDRESS": head.address if head else "",
        "RAY_AUTH_TOKEN": head.token if head else "",
        **settings,
    }
    with fovea_server(
        folder / "server", environment=environment, port=port, keeps_head=keeps_head
    ) as server:
        try:
            yield Trainings(server, data)
        finally:
            if head:
                # Importing Ray takes seconds.
                from tests.ray_jobs import end_jobs  # noqa: PLC0415

                # Without its server, a job would ask for it again and again before it ends.
                end_jobs(head)
