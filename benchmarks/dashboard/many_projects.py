"""Stores finished projects with candidates in a server's database, without their pipelines."""

import json
from pathlib import Path
from uuid import uuid4

from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlRun, SqlTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import insert

from api.projects.inspection import Inspection
from api.projects.records import Project, ProjectKind, ProjectState
from api.projects.store import ProjectStore
from api.runs.ranked_runs import CANDIDATE_LOSS
from api.server.server_command import sqlite_uri
from api.storage.data_files import MLFLOW_DATABASE
from api.storage.database import Database
from tests.api.logged_runs import START_MS
from tracking_plugin.names import PipelineArtifact, Tag

MAX_DIGITS = 6


def store_projects(data_dir: Path, num_projects: int, num_candidates: int) -> None:
    """Into the database that a server has made in `data_dir`."""
    backend = sqlite_uri(data_dir / MLFLOW_DATABASE)
    mlflow = SqlAlchemyStore(backend, (data_dir / "runs").as_uri())
    database = Database(backend)
    store = ProjectStore(database)
    for number in range(num_projects):
        experiment_id = str(mlflow.create_experiment(f"project {number}"))
        runs = _store_runs(mlflow, experiment_id, num_candidates)
        _store_evaluation(data_dir / "runs" / experiment_id / runs[0] / "artifacts")
        store.add(_project(number, experiment_id, runs[0]))
    database.close()
    mlflow.engine.dispose()


def _store_runs(mlflow: SqlAlchemyStore, experiment_id: str, num_candidates: int) -> list[str]:
    """The ids of a pipeline's run and of its candidates."""
    ids = [uuid4().hex for _ in range(1 + num_candidates)]
    runs = [
        {
            "run_uuid": run_id,
            "name": f"trial {at}",
            "status": "FINISHED",
            "start_time": START_MS,
            "end_time": START_MS + 1,
            "lifecycle_stage": "active",
            "artifact_uri": f"{mlflow.artifact_root_uri}/{experiment_id}/{run_id}/artifacts",
            "experiment_id": int(experiment_id),
            "source_type": "LOCAL",
            "user_id": "benchmark",
        }
        for at, run_id in enumerate(ids)
    ]
    tags = [
        {"run_uuid": run_id, "key": str(Tag.CANDIDATE), "value": str(at)}
        for at, run_id in enumerate(ids)
        if at > 0
    ]
    losses = [
        {
            "run_uuid": run_id,
            "key": CANDIDATE_LOSS,
            "value": 1 / at,
            "timestamp": START_MS,
            "step": 0,
            "is_nan": False,
        }
        for at, run_id in enumerate(ids)
        if at > 0
    ]
    with mlflow.engine.begin() as connection:
        connection.execute(insert(SqlRun.__table__), runs)
        connection.execute(insert(SqlTag.__table__), tags)
        connection.execute(insert(SqlLatestMetric.__table__), losses)
    return ids


def _store_evaluation(artifacts: Path) -> None:
    path = artifacts / PipelineArtifact.EVALUATION
    path.parent.mkdir(parents=True)
    score = {"metric": "macro_f1", "value": 0.79, "interval": [0.77, 0.81]}
    path.write_text(json.dumps({"holdout_score": score}))


def _project(number: int, experiment_id: str, run_id: str) -> Project:
    return Project(
        project_id=f"{number:032x}",
        workspace=None,
        experiment_id=experiment_id,
        state=ProjectState.STARTED,
        kind=ProjectKind.TABLE,
        name=f"Project {number}",
        description="",
        dataset_name="table.csv",
        dataset_digest="",
        size_bytes=1,
        tracking_uri="",
        inspection=Inspection(file_type="delimited_text", num_rows=10 ** (1 + number % MAX_DIGITS)),
        run_id=run_id,
        created_ms=START_MS + number,
    )
