"""The service gets the images, sides and options of a request, whichever client sends it."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from api.diagnosis.records import Verdict
from api.diagnosis.schemas import Laterality
from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.client.both_clients import Call, call_async, call_blocking
from tests.api.diagnosis.fake_service import FakeService
from tests.api.routes.diagnosis.calls import TOKEN, post
from tests.ports import LOOPBACK
from tests.servers import Server

CALLS_OF_THE_SYSTEM_BEFORE = """
curl http://localhost:8000/api/v1/ai-grpc/health

curl -X POST http://localhost:8000/api/v1/ai-grpc/diagnose \
  -H "Authorization: Bearer YOUR_TOKEN" \
  -F "file=@scan.dcm" \
  -F "confidence_threshold=0.7"
"""


def test_the_calls_of_the_system_before_run_unchanged(
    server: Server, service: FakeService, tmp_path: Path
) -> None:
    (tmp_path / "scan.dcm").write_bytes(b"DICM")
    answers = []
    for call in CALLS_OF_THE_SYSTEM_BEFORE.strip().split("\n\n"):
        here = call.replace("localhost:8000", f"{LOOPBACK}:{server.port}")
        ran = subprocess.run(
            shlex.split(here), cwd=tmp_path, capture_output=True, check=True, timeout=60
        )
        answers.append(json.loads(ran.stdout))

    health, diagnosed_scan = answers
    assert (
        health.items()
        >= {
            "status": "healthy",
            "gpu": "no GPU",
            "gpu_memory_used": 1.5,
            "gpu_memory_total": 2.5,
            "model": "retina version 3",
            "uptime": 12.5,
        }.items()
    )
    assert diagnosed_scan["status"] == "success"
    data = diagnosed_scan["data"]
    assert data["model_used"] == "retina version 3"
    assert data["processing_time"] == 0.25
    assert (
        data["classification"].items()
        >= {
            "primary_diagnosis": "RAO",
            "confidence": 0.8,
            "probabilities": {"Normal": 0.1, "RAO": 0.8, "RVO": 0.1},
        }.items()
    )
    assert data["findings"][0].keys() >= {
        *("finding_id", "pathology", "description", "location", "severity", "confidence")
    }
    assert data["risk"] == {
        "score": 0.9,
        "level": "critical",
        "category": "RAO",
        "urgency": "within 24 h",
    }
    assert data["recommendations"] == ["Refer as an emergency"]
    [received] = service.received
    assert received.contents == [b"DICM"]
    assert received.options.confidence_threshold == 0.7


@pytest.mark.parametrize("field", ["file", "files"])
def test_images_and_their_sides_arrive_in_their_order(
    server: Server, service: FakeService, field: str
) -> None:
    files = [("a.png", b"first"), ("b_OS.dcm", b"second"), ("c.jpg", b"third")]

    answer = post(
        server,
        "ai-grpc/diagnose",
        *files,
        field=field,
        laterality=["right", "unknown", "L"],
        include_gradcam="true",
        include_segmentation="true",
    )

    assert answer.status_code == 200
    [received] = service.received
    assert received.contents == [b"first", b"second", b"third"]
    assert [header.laterality for header in received.files] == [
        v1.LATERALITY_RIGHT,
        v1.LATERALITY_UNSPECIFIED,
        v1.LATERALITY_LEFT,
    ]
    assert received.files[1].name == "os.dcm"
    assert received.options.include_gradcam
    assert received.options.include_segmentation
    assert received.metadata["authorization"] == f"Bearer {TOKEN}"


def test_options_in_the_query_count_too(server: Server, service: FakeService) -> None:
    post(server, "ai-grpc/diagnose?confidence_threshold=0.4&include_gradcam=true", ("a", b"1"))

    [received] = service.received
    assert received.options.confidence_threshold == 0.4
    assert received.options.include_gradcam


def test_without_a_threshold_none_is_sent(server: Server, service: FakeService) -> None:
    post(server, "dicom/diagnose", ("a", b"1"))

    assert not service.received[0].options.HasField("confidence_threshold")


@pytest.mark.parametrize("call", [call_blocking, call_async])
def test_the_python_clients_diagnose(
    server: Server, service: FakeService, tmp_path: Path, call: Call
) -> None:
    scan = tmp_path / "scan.dcm"
    scan.write_bytes(b"DICM")

    assert call(server.url, "diagnosis_service").status == "healthy"
    assert call(server.url, "check_images", [scan]).data.images[0].num_frames == 1
    found = call(server.url, "diagnose", [scan], laterality=[Laterality.LEFT], include_gradcam=True)
    assert found.classification.primary_diagnosis == "RAO"
    assert found.images[0].laterality is Laterality.LEFT
    first, second = call(server.url, "diagnose_batch", [scan, scan], confidence_threshold=0.5)
    assert first.request_id != second.request_id
    given = call(
        server.url, "give_feedback", found.request_id, Verdict.OVERRULE, class_name="RVO", note="x"
    )
    assert given.true_class == "RVO"
    assert service.received[1].options.include_gradcam
    assert service.received[2].options.confidence_threshold == 0.5
