"""Each diagnosis becomes a trace in MLflow."""

import base64

from mlflow import MlflowClient

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import FakeService, Received, diagnosis
from tests.api.routes.diagnosis.calls import PATIENT, post
from tests.servers import Server


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
