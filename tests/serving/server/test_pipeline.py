"""The pipeline on real files and decode processes, in front of a fake engine."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from serving.diagnosis.urgency import built_in_rules
from serving.errors import Reason, ServingError
from serving.images.image import Laterality, Pixels
from serving.images.pool import DecodePool
from serving.server import prediction
from serving.server.deadline import Deadline
from serving.server.metrics import Metrics
from serving.server.pipeline import NO_DICOM, DiagnosisPipeline
from serving.server.prediction import evenly_spaced
from serving.server.uploads import InputFile
from serving.settings import ServingSettings
from serving.v1 import diagnosis_pb2 as messages
from tests.serving.diagnosis.drawn_images import blurred, fundus, oct_scan
from tests.serving.server.eye_files import fundus_dicom, oct_dicom, png
from tests.serving.server.fakes import (
    CLASSES,
    PATIENT,
    FakeEngine,
    FakeModel,
    FakeSegmenter,
    described,
    lesion_map,
)

pytestmark = pytest.mark.anyio

TIMEOUT_S = 60
SURE = (0.0, 6.0, 0.0)


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[DecodePool]:
    pool = DecodePool(num_processes=1)
    await pool.start()
    yield pool
    await pool.close()


class Diagnosing:
    """A pipeline on `engine`, and what it counts."""

    def __init__(self, pool: DecodePool, engine: FakeEngine, **settings: Any) -> None:
        self.metrics = Metrics()
        self._pipeline = DiagnosisPipeline(
            ServingSettings(**settings),
            decoder=pool,
            engine=engine,
            rules=built_in_rules(),
            metrics=self.metrics,
        )

    async def ask(self, *files: InputFile, **options: Any) -> messages.Diagnosis:
        return await self._pipeline.diagnose(
            files,
            messages.DiagnosisOptions(**options),
            request_id="visit-7",
            deadline=Deadline.after(TIMEOUT_S),
        )

    async def reason(self, *files: InputFile, **options: Any) -> Reason:
        with pytest.raises(ServingError) as refused:
            await self.ask(*files, **options)
        return refused.value.reason


def sure_model() -> FakeModel:
    return FakeModel(described(), SURE)


def photograph(name: str = "eye.png", **changes: Any) -> InputFile:
    return InputFile(**{"content": png(fundus()), "name": name, **changes})


async def test_a_picture_gets_an_answer_that_names_its_model(pool: DecodePool) -> None:
    model = sure_model()
    answer = await Diagnosing(pool, FakeEngine(model)).ask(photograph())

    assert (answer.request_id, answer.status) == ("visit-7", "success")
    assert answer.result.classification.primary_diagnosis == CLASSES[1]
    assert answer.result.model.version == "1"
    assert answer.result.processing_time_seconds > 0
    assert answer.images[0].result.quality.gradable
    assert model.batches == [1]
    assert 0 < model.timeouts_s[0] <= TIMEOUT_S


async def test_a_file_on_disk_is_read_as_one_in_memory(pool: DecodePool, tmp_path: Path) -> None:
    path = tmp_path / "0123"
    path.write_bytes(png(fundus()))
    answer = await Diagnosing(pool, FakeEngine(sure_model())).ask(photograph(content=path))

    assert answer.status == "success"


async def test_images_of_both_eyes_are_answered_by_eye(pool: DecodePool) -> None:
    answer = await Diagnosing(pool, FakeEngine(sure_model())).ask(
        photograph("7_OD.png"),
        photograph("7.png", laterality=Laterality.LEFT),
        InputFile(content=fundus_dicom(fundus(), "R"), name="7.dcm"),
    )

    assert [each.laterality_source for each in answer.images] == ["file_name", "request", "tag"]
    assert {each.laterality: list(each.files) for each in answer.eyes} == {
        messages.LATERALITY_RIGHT: [0, 2],
        messages.LATERALITY_LEFT: [1],
    }


async def test_a_file_that_cannot_be_read_leaves_the_others(pool: DecodePool) -> None:
    diagnosing = Diagnosing(pool, FakeEngine(sure_model()))
    broken = InputFile(content=b"hello", name=f"{PATIENT}.dcm")
    answer = await diagnosing.ask(broken, photograph())

    assert answer.status == "success"
    assert answer.images[0].error.reason == Reason.IMAGE_UNSUPPORTED
    assert answer.images[1].result.classification.primary_diagnosis == CLASSES[1]
    assert PATIENT not in str(answer)
    assert await diagnosing.reason(broken) == Reason.IMAGE_UNSUPPORTED
    assert (await diagnosing.ask(broken, broken)).status == "error"
    failures = diagnosing.metrics.registry.get_sample_value(
        "fovea_serving_decode_failures_total", {"reason": "IMAGE_UNSUPPORTED"}
    )
    assert failures == 4


async def test_without_a_model_files_are_only_decoded(pool: DecodePool) -> None:
    diagnosing = Diagnosing(pool, FakeEngine())

    assert await diagnosing.reason(photograph()) == Reason.MODEL_NOT_LOADED
    answer = await diagnosing.ask(photograph(), decode_only=True)
    assert answer.images[0].result.quality.gradable
    assert answer.images[0].result.abstained
    broken = InputFile(content=b"hello")
    assert await diagnosing.reason(broken, decode_only=True) == Reason.IMAGE_UNSUPPORTED


async def test_a_threshold_that_is_no_probability_is_refused(pool: DecodePool) -> None:
    model = sure_model()
    diagnosing = Diagnosing(pool, FakeEngine(model))

    assert await diagnosing.reason(photograph(), confidence_threshold=2) == Reason.REQUEST_INVALID
    assert model.batches == []


async def test_an_error_of_the_engine_is_that_of_the_request(pool: DecodePool) -> None:
    model = sure_model()
    model.failure = ServingError(Reason.QUEUE_FULL, "Full.")

    assert await Diagnosing(pool, FakeEngine(model)).reason(photograph()) == Reason.QUEUE_FULL


async def test_the_files_of_a_request_have_a_limit_together(pool: DecodePool) -> None:
    most = fundus().shape[0] * fundus().shape[1]
    diagnosing = Diagnosing(pool, FakeEngine(sure_model()), max_pixels=most)
    answer = await diagnosing.ask(photograph(), photograph())

    assert sorted(each.error.reason for each in answer.images) == ["", Reason.IMAGE_TOO_LARGE]


def brightness_as_suspicion(image: Pixels) -> tuple[float, float, float]:
    return (0.0, float(image.mean()) / 8, 0.0)


def volume(num_frames: int) -> list[Pixels]:
    """Scans that grow brighter up to the one before the last."""
    scan = oct_scan().astype(np.float64)
    gains = [0.8 + 0.2 * number / num_frames for number in range(num_frames)]
    gains[-1] = 0.8
    return [np.clip(scan * gain, 0, 255).astype(np.uint8) for gain in gains]


def oct_model() -> FakeModel:
    classes = ("OCT_Normal", "OCT_CNV", "OCT_Drusen")
    description = described(classes=classes, modalities=("oct",) * 3)
    return FakeModel(description, brightness_as_suspicion)


async def test_a_volume_is_predicted_in_batches_and_names_its_worst_frame(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "FRAMES_PER_CALL", 4)
    model = oct_model()
    answer = await Diagnosing(pool, FakeEngine(model)).ask(
        InputFile(content=oct_dicom(volume(10)), name="volume.dcm")
    )

    assert model.batches == [4, 4, 2]
    assert (answer.images[0].num_frames, answer.images[0].worst_frame) == (10, 8)
    assert answer.images[0].laterality == messages.LATERALITY_LEFT


async def test_of_a_long_volume_some_frames_are_predicted_and_the_answer_says_so(
    pool: DecodePool,
) -> None:
    model = oct_model()
    answer = await Diagnosing(pool, FakeEngine(model), max_frames=4).ask(
        InputFile(content=oct_dicom(volume(10)), name="volume.dcm")
    )

    assert model.batches == [4]
    assert (answer.images[0].num_frames, answer.images[0].worst_frame) == (10, 6)
    assert "of 10 frames, 4 at even distances were predicted" in list(answer.images[0].notes)


def test_sampled_frames_are_different_and_reach_from_the_first_to_the_last() -> None:
    for num_all in range(2, 60):
        for num_kept in range(2, num_all + 1):
            numbers = evenly_spaced(num_all, num_kept)
            assert len(set(numbers)) == num_kept
            assert (numbers[0], numbers[-1]) == (0, num_all - 1)
    assert evenly_spaced(9, 1) == (4,)


async def test_a_quality_model_judges_in_place_of_the_measures(pool: DecodePool) -> None:
    quality = FakeModel(described(classes=("blur", "gradable"), modalities=("", "")), (5.0, 0.0))
    answer = await Diagnosing(pool, FakeEngine(sure_model(), quality=quality)).ask(photograph())

    assert answer.images[0].result.quality.method == "model"
    assert list(answer.images[0].result.quality.reasons) == ["blur"]
    assert answer.status == "abstained"


async def test_a_quality_model_without_a_class_for_gradable_images_is_not_asked(
    pool: DecodePool,
) -> None:
    other = sure_model()
    answer = await Diagnosing(pool, FakeEngine(sure_model(), quality=other)).ask(photograph())

    assert answer.images[0].result.quality.method == "classical_measures"
    assert other.batches == []


async def test_a_heat_map_is_drawn_when_it_is_asked_for(pool: DecodePool) -> None:
    diagnosing = Diagnosing(pool, FakeEngine(sure_model()))
    plain = await diagnosing.ask(photograph())
    explained = await diagnosing.ask(photograph(), include_gradcam=True)

    assert not plain.images[0].HasField("heat_map")
    assert explained.images[0].heat_map.overlay_png.startswith(b"\x89PNG")
    assert explained.images[0].heat_map.class_name == CLASSES[1]
    assert explained.images[0].heat_map.peaks


async def test_no_map_has_its_reason(pool: DecodePool) -> None:
    model = sure_model()
    diagnosing = Diagnosing(pool, FakeEngine(model))
    blurry = replace(photograph(), content=png(blurred(fundus(), 0.08)))
    gated = await diagnosing.ask(blurry, include_gradcam=True)
    model.raw = replace(lesion_map(), values=np.zeros((8, 8), np.float32))
    flat = await diagnosing.ask(photograph(), include_gradcam=True)
    model.failure_of_maps = ServingError(Reason.MODEL_FAILED, "The model has no layer for maps.")
    failed = await diagnosing.ask(photograph(), include_gradcam=True)

    assert "gates" in gated.images[0].heat_map.absent_reason
    assert "flat" in flat.images[0].heat_map.absent_reason
    assert failed.images[0].heat_map.absent_reason == "The model has no layer for maps."
    assert failed.status == "success"


async def test_a_full_queue_of_maps_is_an_error_of_the_request(pool: DecodePool) -> None:
    model = sure_model()
    model.failure_of_maps = ServingError(Reason.QUEUE_FULL, "Full.")
    diagnosing = Diagnosing(pool, FakeEngine(model))

    assert await diagnosing.reason(photograph(), include_gradcam=True) == Reason.QUEUE_FULL


async def test_masks_need_a_segmentation_model(pool: DecodePool) -> None:
    without = Diagnosing(pool, FakeEngine(sure_model()))
    reason = await without.reason(photograph(), include_segmentation=True)
    answer = await Diagnosing(pool, FakeEngine(sure_model(), segmenter=FakeSegmenter())).ask(
        photograph(), include_segmentation=True
    )

    assert reason == Reason.SEGMENTATION_UNAVAILABLE
    (mask,) = answer.images[0].masks
    assert mask.class_name == "lesion"
    assert mask.area == pytest.approx(0.25)


async def test_dicom_objects_carry_the_identifiers_that_they_need_and_nothing_else_does(
    pool: DecodePool,
) -> None:
    diagnosing = Diagnosing(pool, FakeEngine(sure_model(), segmenter=FakeSegmenter()))
    answer = await diagnosing.ask(
        InputFile(content=fundus_dicom(fundus()), name=f"{PATIENT}.dcm"),
        photograph(),
        include_gradcam=True,
        include_segmentation=True,
        include_dicom=True,
    )

    from_dicom, from_png = answer.images
    assert [each.kind for each in from_dicom.dicom_objects] == ["secondary_capture"] * 2
    for each in from_dicom.dicom_objects:
        assert pydicom.dcmread(io.BytesIO(each.content)).PatientName == PATIENT
    assert list(from_png.dicom_objects) == []
    assert NO_DICOM in list(from_png.notes)
    assert NO_DICOM not in list(from_dicom.notes)
    del from_dicom.dicom_objects[:]
    assert PATIENT not in str(answer)
