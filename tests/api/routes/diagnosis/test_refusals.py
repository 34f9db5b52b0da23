"""Refusals of the form, and of the service behind the routes."""

from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import FakeService, Received, RefusalError, fake_service
from tests.api.routes.diagnosis.calls import PATIENT, post
from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tests.waiting import until


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
