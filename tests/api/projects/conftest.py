"""One server for the projects of all tests, in front of a fake Ray with simulated pipelines."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.client.fake_ray import FakeRay, TrainingServer, training_server
from tests.api.projects.project_client import ProjectClient
from tests.api.projects.simulated_pipeline import SimulatedPipeline

MAX_UPLOAD_BYTES = 2 * 1024 * 1024


@pytest.fixture(scope="package")
def pipeline() -> SimulatedPipeline:
    return SimulatedPipeline()


@pytest.fixture(scope="package")
def training(
    pipeline: SimulatedPipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainingServer]:
    ray = FakeRay(pipeline=pipeline.run)
    environment = {"FOVEA_MAX_UPLOAD_BYTES": str(MAX_UPLOAD_BYTES)}
    with training_server(tmp_path_factory.mktemp("projects"), ray, environment) as running:
        yield running
    assert "Traceback" not in running.server.log.read_text()


@pytest.fixture(scope="package")
def _client(training: TrainingServer) -> Iterator[ProjectClient]:
    with httpx.Client(base_url=f"{training.url}/api/v1", timeout=60) as http:
        yield ProjectClient(http, training.server)


@pytest.fixture(scope="package")
def completed_id(_client: ProjectClient) -> str:
    """A project whose pipeline has come to its end, for tests that only read it."""
    project_id: str = _client.create(project_name="completed")["project_id"]
    _client.until_status(project_id, "completed")
    return project_id


@pytest.fixture
def projects(_client: ProjectClient, pipeline: SimulatedPipeline) -> Iterator[ProjectClient]:
    yield _client
    pipeline.reset()
