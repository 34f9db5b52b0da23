"""Runs an example as a user would, reads its run from MLflow and sends it commands over REST."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from mlflow.entities import Metric, Run
from mlflow.tracking import MlflowClient

from tests.examples.catalogue import Example
from tests.waiting import until

START_DEADLINE_S = 180.0
EXIT_DEADLINE_S = 120.0
FEW_THREADS = {"OMP_NUM_THREADS": "1"}
"""Other tests run on the same machine."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """A running example."""

    process: subprocess.Popen[bytes]
    log: Path
    client: MlflowClient
    url: str
    run_id: str
    known_run_ids: frozenset[str]
    """The example's run and all earlier ones."""
    metric: str

    def points(self) -> list[Metric]:
        return sorted(
            self.client.get_metric_history(self.run_id, self.metric), key=lambda point: point.step
        )

    def newest_step(self) -> int:
        return max((point.step for point in self.points()), default=-1)

    def wait_for_step(self, step: int) -> None:
        until(lambda: self._alive() and self.newest_step() >= step, f"step {step}; {self.log}")

    def command(self, action: str) -> dict[str, Any]:
        response = httpx.post(
            f"{self.url}/api/training/{action}",
            params={"run_id": self.run_id},
            json={"timeout_s": 60},
            timeout=90,
        )
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def later_runs(self) -> list[Run]:
        """Runs created after the example's own run; the example should create no second one."""
        return [run for run in runs(self.client) if run.info.run_id not in self.known_run_ids]

    def exit_code(self) -> int:
        return self.process.wait(EXIT_DEADLINE_S)

    def mlflow_status(self) -> str:
        return str(self.client.get_run(self.run_id).info.status)

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return True


@contextmanager
def run_example(example: Example, url: str, work_dir: Path) -> Iterator[Training]:
    """Start the example against the server `url`, wait for its run, and terminate it at the end."""
    client = MlflowClient(url)
    log = work_dir / "example.log"
    known_run_ids = {run.info.run_id for run in runs(client)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            example.command(example.endless),
            env=environment(url),
            cwd=work_dir,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:

        def new_run() -> str | None:
            assert process.poll() is None, log.read_text()
            new = [run.info.run_id for run in runs(client) if run.info.run_id not in known_run_ids]
            return new[0] if new else None

        run_id = until(new_run, f"the example's run; {log}", START_DEADLINE_S)
        yield Training(
            process=process,
            log=log,
            client=client,
            url=url,
            run_id=run_id,
            known_run_ids=frozenset({*known_run_ids, run_id}),
            metric=example.metric,
        )
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(EXIT_DEADLINE_S)


def environment(tracking_uri: str) -> dict[str, str]:
    return {**os.environ, "MLFLOW_TRACKING_URI": tracking_uri, **FEW_THREADS}


def runs(client: MlflowClient) -> list[Run]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments))
