"""A fake of Ray's job API: each job is a simulated loop in a thread of this process."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mlflow import MlflowClient
from websockets.utils import accept_key

from tests.api.client.simulated_loop import SimulatedLoop
from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tracking_plugin.control_secret import LINK_VARIABLE
from tracking_plugin.names import Tag

_CLOSE_FRAME = b"\x88\x02\x03\xe8"
"""Of a server, with the code 1000."""
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
    num_gpus: int | None = None
    """Of the cluster; None if it does not say what it has."""
    submitted: list[str] = field(default_factory=list)
    """The runs of the jobs, in the order in which they came."""
    loops: dict[str, SimulatedLoop] = field(default_factory=dict)
    """The newest loop of each run."""
    ending: set[str] = field(default_factory=set)
    """The runs whose jobs finish just when the server asks for their status."""
    _threads: dict[str, tuple[threading.Thread, SimulatedLoop]] = field(default_factory=dict)

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
        self._threads[str(job["submission_id"])] = (thread, loop)
        self.entrypoints[run_id] = entrypoint
        self.loops[run_id] = loop
        self.submitted.append(run_id)
        thread.start()

    def kill(self, run_id: str) -> None:
        """End the run's job without an end of its run, as a process that is killed."""
        loop = self.loops[run_id]
        loop.is_killed.set()
        loop.may_step.set()

    def wait_for_end(self, submission_id: str) -> None:
        if submission_id in self._threads:
            self._threads[submission_id][0].join()

    def nodes(self) -> dict[str, object]:
        """As Ray's state API lists them; a node that has left does not count."""
        left = {"state": "DEAD", "resources_total": {"CPU": 64.0, "GPU": 8.0}}
        here = {"state": "ALIVE", "resources_total": {"CPU": 2.0, "GPU": float(self.num_gpus or 0)}}
        return {"result": True, "data": {"result": {"total": 2, "result": [left, here]}}}

    def _work(self, entrypoint: str) -> Callable[[SimulatedLoop], None]:
        if " evaluate " in entrypoint:
            return _evaluate
        return self.pipeline if "--recipe tables" in entrypoint else SimulatedLoop.train

    def status(self, submission_id: str) -> str | None:
        if submission_id not in self._threads:
            return None
        thread, loop = self._threads[submission_id]
        if loop.run_id in self.ending:
            loop.last_step = loop.step
            thread.join()
        if thread.is_alive():
            return "RUNNING"
        return "FAILED" if loop.is_killed.is_set() else "SUCCEEDED"


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
        # Those that follow the log of a job without end.
        http.block_on_close = False
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://{LOOPBACK}:{http.server_port}"
        finally:
            http.shutdown()


def _evaluate(loop: SimulatedLoop) -> None:
    MlflowClient(loop.url).set_tag(loop.run_id, Tag.REPORT, REPORT_PATH)
    loop.train()


class _Handler(BaseHTTPRequestHandler):
    ray: FakeRay

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path == "/api/jobs/":
            self.ray.submit(json.loads(body))
        self._answer(200, {})

    def do_GET(self) -> None:
        if self.path.startswith("/api/v0/nodes") and self.ray.num_gpus is not None:
            self._answer(200, self.ray.nodes())
        elif self.path.endswith("/logs/tail"):
            self._follow_log(self.path.split("/")[-3])
        else:
            status = self.ray.status(self.path.rpartition("/")[2])
            self._answer(200 if status else 404, {"status": status})

    def _follow_log(self, submission_id: str) -> None:
        """A WebSocket without a message, which is closed when the job has ended."""
        accept = accept_key(self.headers["Sec-WebSocket-Key"])
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
        )
        self.ray.wait_for_end(submission_id)
        with suppress(OSError):
            self.wfile.write(_CLOSE_FRAME)

    def _answer(self, code: int, body: dict[str, object]) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


def _handler(ray: FakeRay) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"ray": ray})
