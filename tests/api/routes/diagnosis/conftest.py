"""One server for the diagnosis routes, in front of a gRPC service with canned answers."""

from collections.abc import Iterator

import pytest

from tests.api.diagnosis.fake_service import FakeService, diagnosed, fake_service
from tests.api.routes.diagnosis.calls import MAX_UPLOAD_BYTES, PATIENT, TOKEN
from tests.servers import Server, fovea_server

RULES = """
rules:
  - name: clinicians_disagree
    metric: feedback/agreement/*
    support: feedback/support/*
    below: 0.9
"""


@pytest.fixture(scope="package")
def _service() -> Iterator[FakeService]:
    with fake_service(token=TOKEN) as service:
        yield service


@pytest.fixture
def service(_service: FakeService) -> FakeService:
    _service.received.clear()
    _service.released.clear()
    _service.answer = diagnosed
    return _service


@pytest.fixture(scope="package")
def server(_service: FakeService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("diagnosis")
    (folder / "rules.yaml").write_text(RULES)
    environment = {
        "FOVEA_GRPC_ADDRESS": _service.address,
        "FOVEA_SERVING_TOKEN": TOKEN,
        "FOVEA_MAX_UPLOAD_BYTES": str(MAX_UPLOAD_BYTES),
        "FOVEA_DIAGNOSIS_TRACES": "true",
        "FOVEA_ALERT_RULES": str(folder / "rules.yaml"),
        "TMPDIR": str(folder),
    }
    with fovea_server(folder / "data", environment=environment) as running:
        yield running
    assert PATIENT not in running.log.read_text()
