"""Stores many short runs and some long ones in a server's database, without logging them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities import RunTag
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlParam, SqlRun, SqlTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from sqlalchemy import insert

from api.server.server_command import sqlite_uri
from api.storage.data_files import MLFLOW_DATABASE
from tests.api.logged_runs import START_MS, bulk_log

METRIC = "loss"
_METRICS = ("train_loss", "val_loss")
_PARAMS = ("lr", "batch_size")


@dataclass(frozen=True, kw_only=True)
class StoredRuns:
    """Ids of what is in the store."""

    num_short: int
    experiment_of_short: str
    experiment_of_long: str
    long_runs: tuple[str, ...]
    num_points: int
    """Of the metric of each long run."""


def store_runs(data_dir: Path, *, num_short: int, num_long: int, num_points: int) -> StoredRuns:
    """Into the database that a server has made in `data_dir`."""
    mlflow = SqlAlchemyStore(sqlite_uri(data_dir / MLFLOW_DATABASE), (data_dir / "runs").as_uri())
    short = str(mlflow.create_experiment("many"))
    _store_short(mlflow, int(short), num_short)
    long = str(mlflow.create_experiment("long"))
    ids = tuple(_store_long(mlflow, long, number, num_points) for number in range(num_long))
    mlflow.engine.dispose()
    return StoredRuns(
        num_short=num_short,
        experiment_of_short=short,
        experiment_of_long=long,
        long_runs=ids,
        num_points=num_points,
    )


def name_of_short(number: int) -> str:
    return f"run {number:05d}"


def _store_short(mlflow: SqlAlchemyStore, experiment_id: int, num_runs: int) -> None:
    """All at once: logging ten thousand runs takes many minutes."""
    runs, tags, metrics, params = [], [], [], []
    for number in range(num_runs):
        run_id, name = f"{number:032x}", name_of_short(number)
        runs.append(
            {
                "run_uuid": run_id,
                "name": name,
                "source_type": "LOCAL",
                "user_id": "benchmark",
                "status": "FINISHED",
                "start_time": START_MS + number,
                "end_time": START_MS + number + 1000,
                "lifecycle_stage": "active",
                "artifact_uri": f"mlflow-artifacts:/{run_id}",
                "experiment_id": experiment_id,
            }
        )
        # MLflow's search finds a run's name by this tag.
        tags.append({"run_uuid": run_id, "key": MLFLOW_RUN_NAME, "value": name})
        metrics += [_value(run_id, metric, 1 / (1 + number % 97)) for metric in _METRICS]
        params += [
            {"run_uuid": run_id, "key": param, "value": str(number % 13)} for param in _PARAMS
        ]
    with mlflow.engine.begin() as connection:
        for table, rows in (
            (SqlRun, runs),
            (SqlTag, tags),
            (SqlLatestMetric, metrics),
            (SqlParam, params),
        ):
            connection.execute(insert(table.__table__), rows)


def _value(run_id: str, metric: str, value: float) -> dict[str, object]:
    return {
        "run_uuid": run_id,
        "key": metric,
        "value": value,
        "timestamp": START_MS,
        "step": 1,
        "is_nan": False,
    }


def _store_long(mlflow: SqlAlchemyStore, experiment: str, number: int, num_points: int) -> str:
    name = f"long {number:02d}"
    tags = [RunTag(MLFLOW_RUN_NAME, name)]
    run_id = str(mlflow.create_run(experiment, "benchmark", START_MS, tags, name).info.run_id)
    bulk_log(mlflow, run_id, METRIC, _wave(number, num_points))
    return run_id


def _wave(number: int, num_points: int) -> Iterator[float]:
    return (number + math.sin(step / 300 + number) for step in range(num_points))
