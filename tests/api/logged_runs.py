"""Runs in a real MLflow store, logged as by a training."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import insert

from tests.mlflow_database import copy_empty_database

START_MS = 1_750_000_000_000
STEP_MS = 1000


@dataclass(frozen=True)
class LoggedRun:
    """A run, and methods to log to it."""

    client: MlflowClient
    run_id: str

    def log(self, step: int, timestamp_ms: int | None = None, **values: float) -> None:
        """Log metrics at one step; `__` stands for the slash in their names."""
        self.log_named(
            step, {name.replace("__", "/"): v for name, v in values.items()}, timestamp_ms
        )

    def log_named(
        self, step: int, values: Mapping[str, float], timestamp_ms: int | None = None
    ) -> None:
        at_ms = START_MS + step * STEP_MS if timestamp_ms is None else timestamp_ms
        metrics = [Metric(name, value, at_ms, step) for name, value in values.items()]
        self.client.log_batch(self.run_id, metrics=metrics)

    def log_evaluation(self, epoch: int, document: Mapping[str, Any] | str) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.client.log_text(self.run_id, text, f"epochs/{epoch:04d}/evaluation.json")


@dataclass(frozen=True)
class Mlflow:
    """An MLflow store without a server."""

    client: MlflowClient
    folder: Path

    def run(
        self,
        *,
        experiment: str = "retinal",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        start_ms: int = START_MS,
        status: str | None = None,
    ) -> LoggedRun:
        found = self.client.get_experiment_by_name(experiment)
        experiment_id = found.experiment_id if found else self.create_experiment(experiment)
        run_id = self.client.create_run(experiment_id, start_time=start_ms).info.run_id
        self.client.log_batch(
            run_id,
            params=[Param(*entry) for entry in (params or {}).items()],
            tags=[RunTag(*entry) for entry in (tags or {}).items()],
        )
        if status is not None:
            self.client.update_run(run_id, status=status)
        return LoggedRun(self.client, run_id)

    def create_experiment(self, name: str) -> str:
        location = (self.folder / "artifacts" / name).as_uri()
        return str(self.client.create_experiment(name, artifact_location=location))


def empty_database(folder: Path) -> Path:
    """A database with MLflow's tables, which tests copy because the migrations take seconds."""
    path = folder / "empty.db"
    copy_empty_database(path)
    return path


def bulk_log(store: SqlAlchemyStore, run_id: str, metric: str, values: Iterable[float]) -> None:
    """Write a long metric from step 1 on with one statement."""
    rows = [
        {
            "run_uuid": run_id,
            "key": metric,
            "value": value,
            "timestamp": START_MS + step * STEP_MS,
            "step": step,
            "is_nan": False,
        }
        for step, value in enumerate(values, start=1)
    ]
    with store.engine.begin() as connection:
        connection.execute(insert(SqlMetric.__table__), rows)
        connection.execute(insert(SqlLatestMetric.__table__), rows[-1:])
