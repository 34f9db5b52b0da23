"""Feedback of clinicians is kept, and becomes metrics and alerts of the model version."""

from pathlib import Path
from typing import Any

import httpx
from mlflow import MlflowClient
from mlflow.entities import Run

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import FakeService, Received, diagnosis, result
from tests.api.routes.diagnosis.calls import PATIENT, TOKEN, post
from tests.servers import Server, fovea_server
from tests.waiting import until


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
