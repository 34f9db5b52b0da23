"""A fake of Ray's job API: each job is a simulated loop in a thread of this process."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mlflow import MlflowClient

from tests.api.client.simulated_loop import SimulatedLoop
from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tracking_plugin.control_secret import LINK_VARIABLE
from tracking_plugin.names import Tag

REPORT_PATH = "evaluation/test/clinical_report.html"
"""The report of every evaluation, as an artifact path in the evaluated run."""


@dataclass
class FakeRay:
    """Each job trains until `last_step`, or without end if it is None."""

    last_step: int | None = 3
    entrypoints: dict[str, str] = field(default_factory=dict)
    """The entry point of each job, by the id of its run."""
    pipeline: Callable[[SimulatedLoop], None] = SimulatedLoop.train
    """What the jobs of projects do."""
    _threads: dict[str, threading.Thread] = field(default_factory=dict)

    def submit(self, job: dict[str, object]) -> None:
        metadata, environment = job["metadata"], job["runtime_env"]
        assert isinstance(metadata, dict)
        assert isinstance(environment, dict)
        run_id = metadata["mlflow_run_id"]
        variables = environment["env_vars"]
        url = variables["MLFLOW_TRACKING_URI"]
        entrypoint = str(job["entrypoint"])
        loop = SimulatedLoop(
            run_id, url, variables.get(LINK_VARIABLE, ""), last_step=self.last_step
        )
        thread = threading.Thread(target=self._work(entrypoint), args=(loop,), daemon=True)
        self._threads[str(job["submission_id"])] = thread
        self.entrypoints[run_id] = entrypoint
        thread.start()

    def _work(self, entrypoint: str) -> Callable[[SimulatedLoop], None]:
        if " evaluate " in entrypoint:
            return _evaluate
        return self.pipeline if "--recipe tables" in entrypoint else SimulatedLoop.train

    def status(self, submission_id: str) -> str | None:
        thread = self._threads.get(submission_id)
        if thread is None:
            return None
        return "RUNNING" if thread.is_alive() else "SUCCEEDED"


@dataclass(frozen=True, kw_only=True)
class TrainingServer:
    """A server and the fake Ray that trains for it."""

    server: Server
    ray: FakeRay

    @property
    def url(self) -> str:
        return self.server.url


@contextmanager
def training_server(
    folder: Path, ray: FakeRay | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[TrainingServer]:
    ray = ray or FakeRay()
    with (
        answering(ray) as address,
        fovea_server(
            folder / "data", environment={**(environment or {}), "FOVEA_RAY_ADDRESS": address}
        ) as server,
    ):
        yield TrainingServer(server=server, ray=ray)


@contextmanager
def answering(ray: FakeRay) -> Iterator[str]:
    """The address of its job API, which outlives the servers that use it."""
    with ThreadingHTTPServer((LOOPBACK, 0), _handler(ray)) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://{LOOPBACK}:{http.server_port}"
        finally:
            http.shutdown()


def _evaluate(loop: SimulatedLoop) -> None:
    MlflowClient(loop.url).set_tag(loop.run_id, Tag.REPORT, REPORT_PATH)
    loop.train()


def _handler(ray: FakeRay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == "/api/jobs/":
                ray.submit(json.loads(body))
            self._answer(200, {})

        def do_GET(self) -> None:
            status = ray.status(self.path.rpartition("/")[2])
            self._answer(200 if status else 404, {"status": status})

        def _answer(self, code: int, body: dict[str, object]) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler
