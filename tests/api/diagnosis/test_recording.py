"""What is kept of a diagnosis, and that its answer never depends on it."""

from typing import Any

import pytest

from api.diagnosis.answers import PictureBudget, diagnosis_data
from api.diagnosis.recording import DiagnosisRecorder
from api.diagnosis.schemas import DiagnosisData
from api.diagnosis.store import DiagnosisStore
from api.diagnosis.traces import diagnosis_trace
from api.diagnosis.v1 import diagnosis_pb2 as v1
from api.runs.trace_writer import TraceWriter
from api.storage.database import Database
from tests.api.diagnosis.fake_service import diagnosis

pytestmark = pytest.mark.anyio
REQUEST_ID = "a" * 32


def data_of(message: v1.Diagnosis) -> DiagnosisData:
    return diagnosis_data(message, PictureBudget())


class BrokenTraces(TraceWriter):
    async def log(self, *_: Any) -> None:
        raise OverflowError


@pytest.fixture(params=["sqlite"])
def database_uri(tmp_path: Any) -> str:
    return f"sqlite:///{tmp_path / 'fovea.db'}"


async def test_a_diagnosis_is_kept_for_feedback(database: Database) -> None:
    store = DiagnosisStore(database)

    await DiagnosisRecorder(store, None).record(
        data_of(diagnosis(REQUEST_ID, [])), {}, None, began_ms=1
    )

    found = store.find("", REQUEST_ID)
    assert found is not None
    assert found.predicted_class == "RAO"
    assert (found.model.model, found.model.version) == ("retina", "3")
    assert store.classes(found.model) == ["Normal", "RAO", "RVO"]


async def test_an_abstention_predicts_no_class(database: Database) -> None:
    store = DiagnosisStore(database)
    message = diagnosis(REQUEST_ID, [])
    message.result.abstained = True

    await DiagnosisRecorder(store, None).record(data_of(message), {}, None, began_ms=1)

    found = store.find("", REQUEST_ID)
    assert found is not None
    assert found.predicted_class == ""


async def test_the_answer_does_not_wait_for_what_cannot_be_kept(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = DiagnosisRecorder(DiagnosisStore(database), BrokenTraces())
    data = data_of(diagnosis(REQUEST_ID, []))

    for _ in range(2):
        # The second time, the database refuses the same id.
        await recorder.record(data, {}, None, began_ms=1)

    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == [
        "A diagnosis is not kept as a trace (OverflowError)",
        "A diagnosis is not kept as a trace (OverflowError)",
        "A diagnosis is not kept for feedback (IntegrityError)",
    ]


def test_a_trace_has_only_what_is_listed() -> None:
    message = diagnosis(REQUEST_ID, [v1.FileHeader(laterality=v1.LATERALITY_LEFT)])
    message.images[0].notes.append("Okonkwo")
    message.images[0].masks.add(class_name="disc", png=b"pixels")

    trace = diagnosis_trace(data_of(message), {"include_gradcam": True}, 5, 3)

    assert trace.inputs == {
        "images": [{"laterality": "left", "num_frames": 1}],
        "include_gradcam": True,
    }
    assert "images" not in trace.outputs
    assert "Okonkwo" not in str(trace)
    assert trace.ended_ms == trace.began_ms, "a clock that was set back"
