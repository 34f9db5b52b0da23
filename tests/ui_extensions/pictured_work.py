"""What the pictures show: projects of real tables, runs of three frameworks, a program that prints."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import httpx
from sklearn import datasets

from api.timestamps import unix_ms
from tests.servers import Server
from tests.training.tables.exoplanets import k2_table
from tests.waiting import until

PROJECT_S = 600.0
FRAMEWORKS_S = 600.0
BUDGET_S = 20
EXOPLANETS = "K2 candidates"
"""Its table is drawn, with the columns of NASA's; the others are scikit-learn's, of real observations."""
_TABLES: Mapping[str, tuple[Callable[[], str], str]] = {
    "Iris": (lambda: _csv(datasets.load_iris), "Predict the target, the species of the flower"),
    "Wine": (lambda: _csv(datasets.load_wine), "Predict the target, the cultivar of the wine"),
    "Breast cancer": (
        lambda: _csv(datasets.load_breast_cancer),
        "Predict the target, whether the tumour is benign",
    ),
    "Diabetes": (lambda: _csv(datasets.load_diabetes), "Predict the target, the progression"),
    EXOPLANETS: (
        partial(k2_table, 300),
        "Predict the disposition of each object",
    ),
}
PRINTING = """
import sys
from mlflow import MlflowClient
from tracking_plugin.control import RunControl

url, run_id = sys.argv[1:]
client = MlflowClient(url)
with RunControl(run_id, tracking_uri=url, console=True):
    print("Reading 4,096 images, 512 of them for validation")
    for epoch in range(1, 31):
        loss = 2.0 / (epoch + 1) + 0.02 * (epoch % 3)
        client.log_metric(run_id, "train_loss", loss, step=epoch)
        client.log_metric(run_id, "val_loss", loss * 1.1 + 0.01, step=epoch)
        for layer in range(3):
            for part in ("mean", "norm"):
                client.log_metric(run_id, f"gradients{layer}/{part}", loss / (1 + layer), step=epoch)
        print(f"epoch {epoch:2d}: loss {loss:.4f}")
    print("warning: 3 images could not be read", file=sys.stderr)
client.set_terminated(run_id)
"""


def finished_projects(server: Server) -> dict[str, str]:
    """The ids of the projects by name, once their pipelines have ended."""
    return {name: _finished(server, name, *table) for name, table in _TABLES.items()}


def _finished(server: Server, name: str, table: Callable[[], str], sentence: str) -> str:
    form = {
        "problem_description": sentence,
        "project_name": name,
        "settings": json.dumps({"budget_s": BUDGET_S}),
    }
    with httpx.Client(base_url=f"{server.url}/api/v1/projects", timeout=120) as http:
        files = {"file": (f"{name.lower().replace(' ', '-')}.csv", table().encode())}
        made = http.post("", data=form, files=files).raise_for_status().json()
        project_id = str(made["project_id"])

        def is_done() -> bool:
            project: dict[str, Any] = http.get(f"/{project_id}").json()
            assert project["status"] not in ("failed", "cancelled"), project
            assert project["question"] is None, project["question"]
            return bool(project["status"] == "completed")

        until(is_done, f"the end of the project {name}", PROJECT_S)
    return project_id


def _csv(load: Callable[..., Any]) -> str:
    return str(load(as_frame=True).frame.to_csv(index=False))


def runs_of_three_frameworks(server: Server) -> list[str]:
    """The ids of 50 small trainings, newest first."""
    command = [sys.executable, "-m", "tests.ui_extensions.three_frameworks", server.url]
    subprocess.run(command, check=True, timeout=FRAMEWORKS_S, stdout=subprocess.DEVNULL)
    rows = httpx.get(
        f"{server.url}/api/runs/table", params={"experiment": "0", "limit": 50}, timeout=60
    )
    return [str(row["run_id"]) for row in rows.raise_for_status().json()]


def printing_run(server: Server) -> str:
    """The id of a run whose program the server did not start, and which prints."""
    created = httpx.post(
        f"{server.url}/api/2.0/mlflow/runs/create",
        json={"experiment_id": "0", "run_name": "notebook", "start_time": unix_ms()},
        timeout=60,
    )
    run_id = str(created.raise_for_status().json()["run"]["info"]["run_id"])
    command = [sys.executable, "-c", PRINTING, server.url, run_id]
    subprocess.run(command, check=True, timeout=120)
    return run_id
