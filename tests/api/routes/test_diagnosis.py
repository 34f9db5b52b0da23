"""The diagnosis routes of a real server, in front of a gRPC service with canned answers."""

import base64
import http.client
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from api.diagnosis.records import Verdict
from api.diagnosis.schemas import Laterality
from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.client.both_clients import Call, call_async, call_blocking
from tests.api.diagnosis.fake_service import (
    FakeService,
    Received,
    RefusalError,
    diagnosed,
    diagnosis,
    fake_service,
    result,
)
from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tests.waiting import until

PATIENT = "Okonkwo_Adaeze_19520714"
TOKEN = "the service's token"
MAX_UPLOAD_BYTES = 40 * 1024**2
FROM_B = """
curl http://localhost:8000/api/v1/ai-grpc/health

curl -X POST http://localhost:8000/api/v1/ai-grpc/diagnose \
  -H "Authorization: Bearer YOUR_TOKEN" \
  -F "file=@scan.dcm" \
  -F "confidence_threshold=0.7"
"""
RULES = """
rules:
  - name: clinicians_disagree
    metric: feedback/agreement/*
    support: feedback/support/*
    below: 0.9
"""


@pytest.fixture(scope="module")
def _service() -> Iterator[FakeService]:
    with fake_service(token=TOKEN) as service:
        yield service


@pytest.fixture
def service(_service: FakeService) -> FakeService:
    _service.received.clear()
    _service.released.clear()
    _service.answer = diagnosed
    return _service


@pytest.fixture(scope="module")
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


def post(
    server: Server, path: str, *files: tuple[str, bytes], field: str = "file", **form: Any
) -> httpx.Response:
    parts = [(field, (name, content)) for name, content in files]
    return httpx.post(f"{server.url}/api/v1/{path}", files=parts, data=form, timeout=60)


def test_the_calls_of_the_system_before_run_unchanged(
    server: Server, service: FakeService, tmp_path: Path
) -> None:
    (tmp_path / "scan.dcm").write_bytes(b"DICM")
    answers = []
    for call in FROM_B.strip().split("\n\n"):
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


def test_the_answer_has_the_gates_the_evidence_and_each_image(
    server: Server, service: FakeService
) -> None:
    data = post(server, "dicom/diagnose", ("x.png", b"1"), laterality="OD").json()["data"]

    assert data["quality"]["gradable"] is True
    assert data["modality"]["modality"] == "fundus"
    assert data["out_of_distribution"]["method"] == "mahalanobis"
    assert data["prediction_set"] == {
        "classes": ["RAO", "RVO"],
        "coverage": 0.9,
        "method": "class_conditional",
    }
    unknown, shown = data["evidence"]
    assert unknown["threshold"] is None
    assert unknown["confidence_interval"] == [0.67, 0.99]
    assert shown["threshold"] == 0.2
    assert data["model"] == {"name": "retina", "version": "3", "run_id": "a" * 32}
    assert data["guideline"]["source"] == "College of Optometrists"
    assert data["intended_use"] == "Research; not a medical device"
    assert data["images"][0]["laterality"] == "right"
    assert data["eyes"][0]["laterality"] == "right"
    assert data["abstained"] is False


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


def test_a_large_image_arrives_whole_and_leaves_no_file(
    server: Server, service: FakeService
) -> None:
    volume = os.urandom(1024) * (30 * 1024)
    folder = server.data_dir.parent
    before = files_below(folder)
    while_answering = []

    def look(received: Received) -> v1.Diagnosis:
        while_answering.append(files_below(folder))
        return diagnosed(received)

    service.answer = look
    assert post(server, "dicom/diagnose", (f"{PATIENT}.dcm", volume)).status_code == 200

    assert service.received[0].contents == [volume]
    assert PATIENT not in str(service.received[0].files)
    # Nothing has a name that a kill -9 could leave behind.
    assert while_answering[0] - before == set()
    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name}


def open_temporary_files(server: Server) -> int:
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    links = []
    for each in descriptors.iterdir():
        try:
            links.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    return sum("(deleted)" in link and str(server.data_dir.parent) in link for link in links)


@pytest.mark.parametrize("path", ["dicom/diagnose", "dicom/upload", "dicom/batch"])
def test_a_body_over_the_limit_is_refused(server: Server, service: FakeService, path: str) -> None:
    too_much = b"0" * (MAX_UPLOAD_BYTES + 1)

    refused = post(server, path, (f"{PATIENT}.dcm", too_much))

    assert refused.status_code == 413
    assert "FOVEA_MAX_UPLOAD_BYTES" in refused.json()["error"]
    assert PATIENT not in refused.text
    assert service.received == []


def test_other_routes_keep_their_smaller_limit(server: Server) -> None:
    note = {"verdict": "agree", "note": "x" * 2 * 1024**2}
    refused = httpx.post(f"{server.url}/api/v1/dicom/feedback/unknown", json=note)
    assert refused.status_code == 413


def test_a_batch_answers_in_the_order_of_its_files(server: Server, service: FakeService) -> None:
    predicted = {b"a": "Normal", b"b": "RAO", b"c": "RVO"}

    def by_content(received: Received) -> v1.Diagnosis:
        content = received.contents[0]
        if content == b"b":
            problem = v1.DiagnosisError(reason="IMAGE_UNREADABLE", message="It is no image")
            return v1.Diagnosis(request_id=received.request_id, status="error", error=problem)
        return diagnosis(received.request_id, received.files, predicted[content])

    service.answer = by_content
    files = [(f"{name.decode()}.png", name) for name in predicted]
    answer = post(server, "dicom/batch", *files, field="files", laterality=["R", "L", ""]).json()

    assert (answer["status"], answer["count"]) == ("success", 3)
    first, second, third = answer["data"]
    assert first["classification"]["primary_diagnosis"] == "Normal"
    assert second["status"] == "error"
    assert second["error"] == {"reason": "IMAGE_UNREADABLE", "message": "It is no image"}
    assert third["classification"]["primary_diagnosis"] == "RVO"
    assert len({each["request_id"] for each in answer["data"]}) == 3


def test_an_upload_is_decoded_and_not_diagnosed(server: Server, service: FakeService) -> None:
    answer = post(server, "dicom/upload", ("a.dcm", b"1"), laterality="left")

    [checked] = answer.json()["data"]["images"]
    assert (
        checked.items()
        >= {
            "file": 0,
            "laterality": "left",
            "laterality_source": "request",
            "num_frames": 1,
            "error": None,
        }.items()
    )
    assert checked["quality"]["gradable"] is True
    assert checked["modality"]["modality"] == "fundus"
    assert "classification" not in answer.text
    assert service.received[0].options.decode_only


def test_heat_maps_are_in_the_answer_and_bounded(server: Server, service: FakeService) -> None:
    large = os.urandom(1024) * (20 * 1024)

    def with_maps(received: Received) -> v1.Diagnosis:
        answer = diagnosis(received.request_id, received.files)
        answer.images[0].heat_map.CopyFrom(v1.HeatMap(overlay_png=b"small", map_png=large))
        answer.images[1].heat_map.CopyFrom(v1.HeatMap(overlay_png=large))
        return answer

    service.answer = with_maps
    first, second = post(server, "dicom/diagnose", ("a", b"1"), ("b", b"2")).json()["data"][
        "images"
    ]

    assert base64.b64decode(first["heat_map"]["overlay_png"]) == b"small"
    assert base64.b64decode(first["heat_map"]["map_png"]) == large
    assert second["heat_map"]["overlay_png"] is None
    assert "left out" in second["notes"][0]


@pytest.mark.parametrize(
    ("code", "reason", "status", "said"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_UNREADABLE", 422, "what to do"),
        (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE", 413, "what to do"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", 503, "what to do"),
        (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_NOT_LOADED", 503, "what to do"),
        (grpc.StatusCode.FAILED_PRECONDITION, "SEGMENTATION_UNAVAILABLE", 409, "what to do"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", 504, "did not answer in time"),
        (grpc.StatusCode.INTERNAL, "MODEL_FAILED", 502, "its log has the reason"),
        (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", 502, "FOVEA_SERVING_TOKEN"),
    ],
)
def test_a_refusal_of_the_service_has_its_http_status_and_the_one_shape(
    server: Server,
    service: FakeService,
    code: grpc.StatusCode,
    reason: str,
    status: int,
    said: str,
) -> None:
    def refuse(received: Received) -> v1.Diagnosis:
        raise RefusalError(code, "Something was expected: what to do", reason)

    service.answer = refuse
    refused = post(server, "dicom/diagnose", (f"{PATIENT}.dcm", b"1"))

    assert refused.status_code == status
    body = refused.json()
    assert said in body["error"]
    assert body["request_id"] == refused.headers["X-Request-ID"]
    assert PATIENT not in refused.text
    assert (refused.headers.get("Retry-After") is not None) == (status == 503)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"laterality": ["right", "left"]}, "body.laterality"),
        ({"laterality": "up"}, "body.laterality"),
        ({"confidence_threshold": "2"}, "body.confidence_threshold"),
        ({"include_gradcam": "perhaps"}, "body.include_gradcam"),
    ],
)
def test_a_wrong_field_is_named(
    server: Server, service: FakeService, form: dict[str, Any], field: str
) -> None:
    refused = post(server, "dicom/diagnose", (f"{PATIENT}.png", b"1"), **form)

    assert refused.status_code == 422
    assert field in refused.json()["details"]
    assert PATIENT not in refused.text


def test_a_form_without_an_image_is_refused(server: Server, service: FakeService) -> None:
    refused = httpx.post(f"{server.url}/api/v1/dicom/diagnose", data={"laterality": "left"})

    assert refused.status_code == 422
    assert "body.file" in refused.json()["details"]


def test_a_client_that_goes_ends_the_work_for_it(server: Server, service: FakeService) -> None:
    service.answer = service.hold
    boundary = "b"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n1\r\n'
        f"--{boundary}--\r\n"
    )
    connection = http.client.HTTPConnection(LOOPBACK, server.port)
    content_type = f"multipart/form-data; boundary={boundary}"
    connection.request(
        "POST", "/api/v1/dicom/diagnose", body, headers={"Content-Type": content_type}
    )
    request_id = service.begun.get(timeout=60)

    connection.close()

    assert service.cancelled.get(timeout=60) == request_id
    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")
    service.released.set()


def test_a_client_that_goes_during_its_upload_leaves_nothing(
    server: Server, service: FakeService
) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, server.port)
    connection.putrequest("POST", "/api/v1/dicom/diagnose")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(20 * 1024**2))
    connection.endheaders()
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    connection.send(start + b"0" * 8 * 1024**2)
    until(lambda: open_temporary_files(server) > 0, "the temporary file")

    connection.close()

    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")
    assert service.received == []


def test_a_service_that_is_down_is_named_and_found_again(
    server: Server, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with fake_service() as gone:
        port = gone.port
    environment = {"FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{port}"}
    with fovea_server(tmp_path / "data", environment=environment) as alone:
        refused = post(alone, "dicom/diagnose", ("a.png", b"1"))

        assert refused.status_code == 503
        assert "python -m serving" in refused.json()["error"]
        assert refused.headers["Retry-After"] == "2"
        health = httpx.get(f"{alone.url}/api/v1/ai-grpc/health")
        assert health.status_code == 200
        assert health.json()["status"] == "error"
        assert "python -m serving" in health.json()["message"]
        with fake_service(port=port):
            until(
                lambda: post(alone, "dicom/diagnose", ("a.png", b"1")).is_success,
                "an answer of the service that is back",
            )


def feedback(server: Server, request_id: str, **said: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1/dicom/feedback/{request_id}", json=said, timeout=60)


def diagnose_as(server: Server, service: FakeService, version: str, **changes: Any) -> str:
    """The request id of a diagnosis of RAO by this version."""

    def answer(received: Received) -> v1.Diagnosis:
        found = diagnosis(received.request_id, received.files)
        found.result.CopyFrom(
            result("RAO", model=v1.ModelVersion(name="retina", version=version), **changes)
        )
        return found

    service.answer = answer
    request_id: str = post(server, "dicom/diagnose", ("a", b"1")).json()["data"]["request_id"]
    return request_id


def feedback_run(server: Server, version: str) -> Run:
    client = MlflowClient(server.url)
    experiment = client.get_experiment_by_name("diagnosis-feedback")
    assert experiment is not None
    [run] = client.search_runs(
        [experiment.experiment_id], f"tags.`fovea.model_version` = '{version}'"
    )
    assert run.data.tags["fovea.model"] == "retina"
    return run


def metrics_of(server: Server, version: str) -> dict[str, float]:
    metrics: dict[str, float] = feedback_run(server, version).data.metrics
    return metrics


def test_feedback_becomes_metrics_of_a_run_of_the_model_version(
    server: Server, service: FakeService
) -> None:
    first, second, third = (diagnose_as(server, service, "10") for _ in range(3))

    assert feedback(server, first, verdict="agree").json()["true_class"] == "RAO"
    assert feedback(server, second, verdict="overrule", class_name="RVO").is_success
    assert metrics_of(server, "10") == {
        "feedback/agreement/RAO": 0.5,
        "feedback/support/RAO": 2,
        "feedback/sensitivity/RAO": 1,
        "feedback/sensitivity_support/RAO": 1,
        "feedback/sensitivity/RVO": 0,
        "feedback/sensitivity_support/RVO": 1,
    }

    # Said again, it replaces what was said before.
    assert feedback(server, second, verdict="agree").is_success
    feedback(server, third, verdict="overrule", class_name="RVO")
    assert (
        metrics_of(server, "10").items()
        >= {
            "feedback/agreement/RAO": 2 / 3,
            "feedback/support/RAO": 3,
        }.items()
    )


def test_feedback_raises_alerts_by_the_rules(server: Server, service: FakeService) -> None:
    request_id = diagnose_as(server, service, "11")
    feedback(server, request_id, verdict="overrule", class_name="Normal")
    of_run = {"run_id": feedback_run(server, "11").info.run_id}

    def raised() -> Any:
        return httpx.get(f"{server.url}/api/alerts", params=of_run).json()

    [alert] = until(raised, "the alert")
    assert alert["condition"] == "clinicians_disagree"
    assert alert["metric"] == "feedback/agreement/RAO"
    assert (alert["current_value"], alert["support"]) == (0, 1)


def test_feedback_that_does_not_fit_says_what_was_expected(
    server: Server, service: FakeService
) -> None:
    request_id = diagnose_as(server, service, "12")
    abstained = diagnose_as(server, service, "12", abstained=True, reason="not gradable")

    assert feedback(server, "unknown", verdict="agree").status_code == 404
    assert feedback(server, request_id, verdict="maybe").status_code == 422
    assert feedback(server, request_id, verdict="overrule").status_code == 422
    named = feedback(server, request_id, verdict="overrule", class_name=PATIENT)
    assert named.status_code == 422
    assert "Normal, RAO, RVO" in named.json()["error"]
    assert feedback(server, request_id, verdict="agree", note="n" * 2001).status_code == 422
    assert feedback(server, abstained, verdict="agree").status_code == 409
    assert feedback(server, abstained, verdict="overrule", class_name="RVO").is_success


def test_a_note_is_kept_and_logged_nowhere(server: Server, service: FakeService) -> None:
    request_id = diagnose_as(server, service, "13")
    note = f"{PATIENT} has had a stroke"

    feedback(server, request_id, verdict="agree", note=note)

    kept = httpx.get(f"{server.url}/api/v1/dicom/feedback/{request_id}").json()
    assert kept["note"] == note
    assert kept["verdict"] == "agree"
    assert PATIENT not in server.log.read_text()
    assert PATIENT not in str(feedback_run(server, "13").to_dictionary())


def test_a_deleted_feedback_run_is_replaced(server: Server, service: FakeService) -> None:
    first, second = (diagnose_as(server, service, "14") for _ in range(2))
    feedback(server, first, verdict="agree")
    MlflowClient(server.url).delete_run(feedback_run(server, "14").info.run_id)

    assert feedback(server, second, verdict="agree").is_success

    assert metrics_of(server, "14")["feedback/support/RAO"] == 2


def test_feedback_survives_a_restart(tmp_path: Path, service: FakeService) -> None:
    environment = {"FOVEA_GRPC_ADDRESS": service.address, "FOVEA_SERVING_TOKEN": TOKEN}
    with fovea_server(tmp_path / "data", environment=environment) as before:
        request_id = diagnose_as(before, service, "3")
    with fovea_server(tmp_path / "data", environment=environment) as after:
        assert feedback(after, request_id, verdict="agree").is_success


def test_each_diagnosis_is_a_trace_without_pixels_and_names(
    server: Server, service: FakeService
) -> None:
    pixels = b"PIXELS OF A RETINA"

    def with_picture(received: Received) -> v1.Diagnosis:
        answer = diagnosis(received.request_id, received.files)
        answer.images[0].heat_map.CopyFrom(v1.HeatMap(overlay_png=pixels, image_png=pixels))
        answer.images[0].notes.append(f"about {PATIENT}")
        return answer

    service.answer = with_picture
    name = f"{PATIENT}_OD.dcm"
    data = post(server, "dicom/diagnose", (name, pixels), laterality="right").json()["data"]

    client = MlflowClient(server.url)
    experiment = client.get_experiment_by_name("diagnosis")
    assert experiment is not None
    traces = client.search_traces(locations=[experiment.experiment_id])
    [trace] = [it for it in traces if it.info.client_request_id == data["request_id"]]
    [span] = trace.data.spans
    assert span.inputs["images"] == [{"laterality": "right", "num_frames": 1}]
    assert span.outputs["classification"]["primary_diagnosis"] == "RAO"
    assert span.outputs["model"]["version"] == "3"
    assert trace.info.tags["model_version"] == "3"
    kept = trace.to_json()
    assert PATIENT not in kept
    assert base64.b64encode(pixels).decode() not in kept


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
