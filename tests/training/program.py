"""Runs `python -m training` like a user, and reads the runs that it records in MLflow."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.mlflow_database import new_store
from tests.training.data.images import make_folder
from training.__main__ import main

TINY = (
    *("--preset", "small", "--backbone", "test_resnet", "--image-size", "32"),
    *("--batch-size", "4", "--epochs", "2"),
)
"""A training of a few seconds."""

DEADLINE_S = 300


@dataclass
class Program:
    """The training program with its own tracking store and folders under `root`."""

    root: Path
    tracking_uri: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.tracking_uri = self.tracking_uri or new_store(self.root)
        with contextlib.chdir(self.root):  # a store without a server keeps its artifacts there
            self.client = MlflowClient(self.tracking_uri)

    @property
    def data(self) -> Path:
        """A small data set, made on first use."""
        folder = self.root / "data"
        return (
            folder if folder.exists() else make_folder(folder, {"train": 12, "val": 4, "test": 4})
        )

    def command(self, *arguments: str, launch: tuple[str, ...] = ()) -> list[str]:
        return [*(launch or (sys.executable,)), "-m", "training", *arguments]

    def start(
        self, *arguments: str, launch: tuple[str, ...] = (), **environment: str
    ) -> subprocess.Popen[str]:
        """Start the program as a process in a session of its own."""
        return subprocess.Popen(
            self.command(*arguments, launch=launch),
            cwd=self.root,
            env={**os.environ, **self.variables(), **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(self, *arguments: str, launch: tuple[str, ...] = (), **environment: str) -> str:
        """Run the program to its end, which must be a success; returns its output."""
        process = self.start(*arguments, launch=launch, **environment)
        output, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, output
        return output

    def run_here(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        """Run the program inside this process, without importing it again."""
        monkeypatch.chdir(self.root)
        for name, value in self.variables().items():
            monkeypatch.setenv(name, value)
        mlflow.set_tracking_uri(self.tracking_uri)
        return main(arguments)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        experiments = [e.experiment_id for e in self.client.search_experiments()]
        return list(self.client.search_runs(experiments))

    def only_run(self) -> Run:
        (run,) = self.runs()
        return run

    def curve(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Every point of a metric, as steps and values."""
        return [
            (point.step, point.value) for point in self.client.get_metric_history(run_id, metric)
        ]

    def json_artifact(self, run_id: str, path: str) -> Any:
        uri = f"{self.client.get_run(run_id).info.artifact_uri}/{path}"
        return json.loads(Path(mlflow.artifacts.download_artifacts(uri)).read_text())

    def variables(self) -> dict[str, str]:
        return {
            "MLFLOW_TRACKING_URI": self.tracking_uri,
            "FOVEA_DATA_DIR": str(self.root / "fovea"),
            "OMP_NUM_THREADS": "1",
        }
