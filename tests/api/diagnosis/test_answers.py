"""Messages of the service become answers; what is not known is null rather than a number."""

import base64
import json

import pytest

from api.diagnosis.answers import PictureBudget, diagnosis_data, service_health, upload_data
from api.diagnosis.schemas import DiagnosisStatus
from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import diagnosis

REQUEST_ID = "a" * 32


def test_an_empty_message_claims_nothing() -> None:
    data = diagnosis_data(v1.Diagnosis(request_id=REQUEST_ID), PictureBudget())

    assert (data.quality, data.modality, data.out_of_distribution) == (None, None, None)
    assert (data.prediction_set, data.model, data.guideline, data.error) == (None, None, None, None)
    assert data.evidence == []
    assert data.status is DiagnosisStatus.SUCCESS


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (v1.Diagnosis(status="abstained"), DiagnosisStatus.ABSTAINED),
        (v1.Diagnosis(result=v1.DiagnosisResult(abstained=True)), DiagnosisStatus.ABSTAINED),
        (v1.Diagnosis(status="new", error=v1.DiagnosisError(reason="x")), DiagnosisStatus.ERROR),
    ],
)
def test_the_status_is_one_of_three(message: v1.Diagnosis, status: DiagnosisStatus) -> None:
    assert diagnosis_data(message, PictureBudget()).status is status


def test_numbers_that_json_does_not_have_become_null() -> None:
    message = diagnosis(REQUEST_ID, [])
    message.result.out_of_distribution.distance = float("inf")
    message.result.risk.risk_score = float("nan")

    text = diagnosis_data(message, PictureBudget()).model_dump_json()

    answer = json.loads(text)
    assert answer["out_of_distribution"]["distance"] is None
    assert answer["risk"]["score"] is None


def test_half_an_interval_is_none() -> None:
    message = diagnosis(REQUEST_ID, [])
    del message.result.evidence[0].confidence_interval[1:]

    assert diagnosis_data(message, PictureBudget()).evidence[0].confidence_interval is None


def test_notes_about_the_patient_and_each_eye_are_kept() -> None:
    message = diagnosis(REQUEST_ID, [v1.FileHeader()])
    message.notes.append("One eye has no result.")
    message.eyes[0].notes.append("The images disagree.")

    data = diagnosis_data(message, PictureBudget())

    assert data.notes == ["One eye has no result."]
    assert data.eyes[0].notes == ["The images disagree."]


def test_pictures_beyond_the_budget_are_left_out_and_counted() -> None:
    message = diagnosis(REQUEST_ID, [v1.FileHeader()] * 2)
    for image in message.images:
        image.heat_map.CopyFrom(v1.HeatMap(overlay_png=b"1234", map_png=b"5678"))
        image.masks.add(class_name="disc", png=b"9")

    first, second = diagnosis_data(message, PictureBudget(9)).images

    assert first.heat_map is not None
    assert first.heat_map.overlay_png == base64.b64encode(b"1234").decode()
    assert first.masks[0].png is not None
    assert first.notes == []
    assert second.heat_map is not None
    assert second.heat_map.overlay_png is None
    assert second.heat_map.class_name == first.heat_map.class_name
    assert second.notes[0].startswith("3 pictures are left out")


def test_an_upload_says_what_decoding_has_shown() -> None:
    message = diagnosis(REQUEST_ID, [v1.FileHeader(laterality=v1.LATERALITY_LEFT)])
    message.images.add(file=1, error=v1.DiagnosisError(reason="IMAGE_UNREADABLE", message="no"))

    good, bad = upload_data(message).images

    assert (good.laterality, good.error) == ("left", None)
    assert good.quality is not None
    assert bad.error is not None
    assert bad.quality is None


def test_the_health_of_the_service_has_the_fields_of_the_system_before() -> None:
    unhealthy = service_health(v1.HealthResponse(message="Register a model"))

    assert unhealthy.status == "unhealthy"
    assert unhealthy.message == "Register a model"
    assert unhealthy.model == ""
    assert unhealthy.model_version is None
