"""A server with a run of 20 long metrics, which publishes further updates on request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.server.server_command import sqlite_uri
from benchmarks.dashboard.long_run import METRICS, STORED_STEPS, value_at
from benchmarks.dashboard.publish_request import PREFIX, PublishRequest
from benchmarks.harness.servers import Server, asgi_server
from tests.api.logged_runs import START_MS, bulk_log


@dataclass(kw_only=True)
class ServedRun:
    """A run with METRICS, whose first STORED_STEPS steps are in the store."""

    server: Server
    run_id: str
    last_step: int = STORED_STEPS

    @property
    def dashboard_url(self) -> str:
        return f"{self.server.url}/monitor/#/runs/{self.run_id}"

    def comparison_url(self, page: str) -> str:
        """The URL of a page in `pages/`, which is measured for comparison with the dashboard."""
        return f"{self.server.url}{PREFIX}/{page}.html?run_id={self.run_id}"

    def publish_updates(self, num_updates: int, updates_per_s: float, steps: int = 1) -> None:
        """Let the server publish updates from now on, and return at once."""
        request = PublishRequest(
            run_id=self.run_id,
            first_step=self.last_step + 1,
            num_updates=num_updates,
            updates_per_s=updates_per_s,
            steps=steps,
        )
        address = f"{self.server.url}{PREFIX}/publish"
        httpx.post(address, json=asdict(request), timeout=30).raise_for_status()
        self.last_step += num_updates * steps


@contextmanager
def served_run(folder: Path) -> Iterator[ServedRun]:
    """Start a server with the run, on the servers' core."""
    backend = sqlite_uri(folder / "mlflow.db")
    run_id = _stored_run(backend, folder / "artifacts")
    environment = {
        BACKEND_STORE_URI_ENV_VAR: backend,
        ARTIFACT_ROOT_ENV_VAR: (folder / "artifacts").as_uri(),
        "FOVEA_DATA_DIR": str(folder),
        "FOVEA_BUS_URL": "memory://",
    }
    with asgi_server(
        "benchmarks.dashboard.publishing_app:app", folder, environment=environment
    ) as server:
        yield ServedRun(server=server, run_id=run_id)


def _stored_run(backend: str, artifacts: Path) -> str:
    store = SqlAlchemyStore(backend, artifacts.as_uri())
    run = store.create_run("0", "benchmark", START_MS, [], "20 long metrics")
    run_id = str(run.info.run_id)
    for number, metric in enumerate(METRICS):
        values = (value_at(number, step) for step in range(1, STORED_STEPS + 1))
        bulk_log(store, run_id, metric, values)
    store.engine.dispose()
    return run_id
