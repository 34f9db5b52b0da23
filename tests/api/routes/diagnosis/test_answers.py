"""The answers to uploads, diagnoses and batches."""

import base64
import os

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import FakeService, Received, diagnosis
from tests.api.routes.diagnosis.calls import post
from tests.servers import Server


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
