"""One server for all tests, with copies of NASA's tables, in front of a fake Ray."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.client.fake_ray import FakeRay, TrainingServer, training_server
from tests.api.custom_training.exoplanet_pages import ExoplanetPages
from tests.api.custom_training.nasa_copies import write_copies
from tests.api.projects.simulated_pipeline import SimulatedPipeline


@pytest.fixture(scope="package")
def pipeline() -> SimulatedPipeline:
    return SimulatedPipeline()


@pytest.fixture(scope="package")
def training(
    pipeline: SimulatedPipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainingServer]:
    folder = tmp_path_factory.mktemp("custom_training")
    write_copies(folder / "tables")
    environment = {
        "FOVEA_NASA_TABLES": str(folder / "tables"),
        # Nothing answers there: the archive is out of reach, whatever network there is.
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }
    ray = FakeRay(pipeline=pipeline.run)
    with training_server(folder, ray, environment) as running:
        yield running
    assert "Traceback" not in running.server.log.read_text()


@pytest.fixture
def pages(training: TrainingServer, pipeline: SimulatedPipeline) -> Iterator[ExoplanetPages]:
    with httpx.Client(base_url=training.url, timeout=60) as http:
        yield ExoplanetPages(http)
    pipeline.waits, pipeline.fails, pipeline.finetunes = False, False, False
    pipeline.release(100)
