"""A server is killed while pipelines are in each of their stages: they go on, and its successor shows it."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from websockets.sync.client import connect

from tests.api.client.fake_ray import FakeRay, answering
from tests.api.client.simulated_loop import SimulatedLoop
from tests.api.projects.galaxy_frontend import TrainingWebSocket
from tests.api.projects.project_client import ProjectClient, served
from tests.api.projects.simulated_pipeline import SimulatedPipeline
from tests.waiting import DEADLINE_S, until
from tracking_plugin.names import PipelineMetric, PipelineStage

ALL = tuple(PipelineStage)
SOME = (PipelineStage.MODEL_SELECTION, PipelineStage.MODEL_DEPLOYMENT)


@dataclass
class HeldPipeline(SimulatedPipeline):
    """The run of each project stays in one of these stages, in the order in which they begin."""

    stages: Sequence[PipelineStage] = ALL
    go_on: threading.Event = field(default_factory=threading.Event)
    _held: dict[str, PipelineStage] = field(default_factory=dict)

    def run(self, loop: SimulatedLoop) -> None:
        self._held[loop.run_id] = self.stages[len(self._held)]
        super().run(loop)

    def _enter(self, client: MlflowClient, run_id: str, stage: PipelineStage) -> None:
        super()._enter(client, run_id, stage)
        if self._held[run_id] is stage:
            assert self.go_on.wait(3 * DEADLINE_S)


@pytest.mark.parametrize("stages", [SOME, pytest.param(ALL, marks=pytest.mark.soak)])
def test_pipelines_outlive_a_killed_server_in_each_stage(
    tmp_path: Path, stages: tuple[PipelineStage, ...]
) -> None:
    pipeline = HeldPipeline(stages=stages)
    held: dict[str, PipelineStage] = {}
    with answering(FakeRay(pipeline=pipeline.run)) as address:
        environment = {"FOVEA_RAY_ADDRESS": address}
        with served(tmp_path / "data", environment) as projects:
            for stage in stages:
                held[project_in(projects, stage)] = stage
            socket = _following(projects, project_id=next(iter(held)))
            before = {project_id: _shown(projects, project_id) for project_id in held}
            port = projects.server.port
            projects.server.kill()
        with served(tmp_path / "data", environment, port) as projects:
            for project_id, stage in held.items():
                assert _shown(projects, project_id) == before[project_id]
                event = _first_event(projects, project_id)
                assert event["event_type"] == "stage_change"
                assert event["data"]["current_stage"] == stage
            # The class of the frontend has connected again by itself, and goes on with what is now.
            reopened = socket.until(lambda event: event.event_type == "stage_change")
            assert (socket.num_opened, reopened[-1].data["current_stage"]) == (2, stages[0])
            pipeline.go_on.set()
            socket.until(lambda event: event.event_type == "completed")
            socket.disconnect()
            for project_id in held:
                requires_end(projects, project_id)


def project_in(projects: ProjectClient, stage: PipelineStage) -> str:
    """The id of a new project whose pipeline has come to the stage."""
    project_id: str = projects.create()["project_id"]
    until(lambda: projects.progress(project_id)["current_stage"] == stage, f"the stage {stage}")
    return project_id


def _following(projects: ProjectClient, project_id: str) -> TrainingWebSocket:
    """The frontend's socket, which has taken all that the project is now."""
    socket = TrainingWebSocket(f"{projects.server.url.replace('http', 'ws', 1)}/api/v1/ws")
    socket.connect(project_id)
    socket.until(lambda event: event.event_type == "progress_update")
    return socket


def _shown(projects: ProjectClient, project_id: str) -> Mapping[str, Any]:
    """What a server shows of a project, but for what depends on the time."""
    detail, progress = projects.get(project_id), projects.progress(project_id)
    assert detail["run_status"] == "training"
    names = ("status", "run_id", "experiment_id", "leaks", "evaluation_report", "artifact_paths")
    return {**{it: detail[it] for it in names}, "progress": progress}


def _first_event(projects: ProjectClient, project_id: str) -> Any:
    url = f"{projects.server.url.replace('http', 'ws', 1)}/api/v1/ws/projects/{project_id}/stream"
    with connect(url) as socket:
        return json.loads(socket.recv(DEADLINE_S))


def requires_end(projects: ProjectClient, project_id: str) -> None:
    """The same run went through all stages, once each, and its model is registered."""
    detail = projects.until_status(project_id, "completed")
    client = MlflowClient(projects.server.url)
    points = client.get_metric_history(detail["run_id"], PipelineMetric.STAGE)
    assert [point.value for point in points] == list(range(len(ALL)))
    assert client.get_run(detail["run_id"]).info.status == "FINISHED"
    assert detail["endpoint_id"] == f"project-{project_id}/1"
