"""An engine and a pipeline without a model, for tests of the server around them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from serving.engine.protocol import (
    LeasedModel,
    LeasedSegmenter,
    ModelDescription,
    ModelOutput,
    PixelClasses,
    RawHeatMap,
)
from serving.errors import Reason, ServingError
from serving.images.image import Pixels
from serving.server.deadline import Deadline
from serving.server.uploads import InputFile
from serving.v1 import diagnosis_pb2 as messages
from training.evidence.schema import ModelEvidence

PATIENT = "DOE^JANE^19500101"

CLASSES = ("Normal", "Diabetic Retinopathy", "Glaucoma")


def described(version: str = "1", **changes: object) -> ModelDescription:
    fields: dict[str, object] = {
        "name": "fovea-retinal",
        "version": version,
        "run_id": f"run-{version}",
        "classes": CLASSES,
        "modalities": ("fundus",) * len(CLASSES),
        "image_size": 64,
        "evidence": ModelEvidence(),
    }
    return ModelDescription(**{**fields, **changes})  # type: ignore[arg-type]


def lesion_map() -> RawHeatMap:
    values = np.zeros((8, 8), np.float32)
    values[2:4, 2:4] = 1
    return RawHeatMap(values=values, method="grad_cam")


class FakeModel:
    """Says of each image what `logits` says of it."""

    def __init__(
        self,
        description: ModelDescription,
        logits: Callable[[Pixels], Sequence[float]] | Sequence[float],
    ) -> None:
        self.description = description
        self.batches: list[int] = []
        self.timeouts_s: list[float] = []
        self.raw = lesion_map()
        self.failure: ServingError | None = None
        self.failure_of_maps: ServingError | None = None
        self._logits = logits

    async def predict(self, images: Sequence[Pixels], *, timeout_s: float) -> list[ModelOutput]:
        self.batches.append(len(images))
        self.timeouts_s.append(timeout_s)
        if self.failure is not None:
            raise self.failure
        return [
            ModelOutput(
                logits=np.asarray(self._of(image), np.float32), features=np.zeros(8, np.float32)
            )
            for image in images
        ]

    async def explain(self, image: Pixels, *, class_index: int, timeout_s: float) -> RawHeatMap:
        self.timeouts_s.append(timeout_s)
        if self.failure_of_maps is not None:
            raise self.failure_of_maps
        return self.raw

    def _of(self, image: Pixels) -> Sequence[float]:
        return self._logits(image) if callable(self._logits) else self._logits


class FakeSegmenter:
    """Finds a lesion in the upper left quarter of every image."""

    name, version, classes = "fovea-segmentation", "1", ("background", "lesion")

    async def segment(self, image: Pixels, *, timeout_s: float) -> PixelClasses:
        class_map = np.zeros(image.shape[:2], np.uint8)
        class_map[: image.shape[0] // 2, : image.shape[1] // 2] = 1
        return PixelClasses(class_map=class_map, classes=self.classes)


class FakeEngine:
    """`model` is served; None stands for no registered version."""

    def __init__(
        self,
        model: FakeModel | None = None,
        *,
        quality: FakeModel | None = None,
        segmenter: FakeSegmenter | None = None,
    ) -> None:
        self.model = model
        self.num_queued = 0
        self._quality = quality
        self._segmenter = segmenter

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[LeasedModel]:
        if self.model is None:
            raise ServingError(Reason.MODEL_NOT_LOADED, self.message)
        yield self.model

    @asynccontextmanager
    async def lease_quality(self) -> AsyncIterator[LeasedModel | None]:
        yield self._quality

    @asynccontextmanager
    async def lease_segmenter(self) -> AsyncIterator[LeasedSegmenter]:
        if self._segmenter is None:
            raise ServingError(Reason.SEGMENTATION_UNAVAILABLE, "No segmentation model is served.")
        yield self._segmenter

    def current(self) -> ModelDescription | None:
        return self.model.description if self.model else None

    @property
    def message(self) -> str:
        return "" if self.model else "No version has the alias: train one, and promote it."

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class FakePipeline:
    """Answers with the sizes of the files, once `may_answer` is set; `on_files` may refuse."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.on_files: Callable[[Sequence[InputFile]], None] = lambda files: None
        self.active = 0
        self.most_active = 0
        self.began = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.deadlines_s: list[float] = []
        self.options: list[messages.DiagnosisOptions] = []
        self.files: list[Sequence[InputFile]] = []

    async def diagnose(
        self,
        files: Sequence[InputFile],
        options: messages.DiagnosisOptions,
        *,
        request_id: str,
        deadline: Deadline,
    ) -> messages.Diagnosis:
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        self.deadlines_s.append(deadline.left_s())
        self.options.append(options)
        self.files.append(files)
        self.began.set()
        try:
            await self.may_answer.wait()
            self.on_files(files)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.active -= 1
        return _answer(request_id, [size_of(file.content) for file in files])


def size_of(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _answer(request_id: str, sizes: Sequence[int]) -> messages.Diagnosis:
    probabilities = [
        messages.ClassProbability(class_name=name, probability=value)
        for name, value in zip(CLASSES, (0.2, 0.7, 0.1), strict=True)
    ]
    result = messages.DiagnosisResult(
        model_used="fovea-retinal version 1",
        model=messages.ModelVersion(name="fovea-retinal", version="1", run_id="run-1"),
        processing_time_seconds=0.01,
        classification=messages.Classification(
            primary_diagnosis=CLASSES[1], confidence=0.7, class_probabilities=probabilities
        ),
        findings=[messages.Finding(finding_id="1", pathology=CLASSES[1], confidence=0.7)],
        risk=messages.Risk(risk_score=0.5, risk_level="moderate", urgency_level="no rule"),
        recommendations=["See a clinician."],
    )
    images = [
        messages.ImageDiagnosis(file=index, notes=[f"{size} bytes"], result=result)
        for index, size in enumerate(sizes)
    ]
    return messages.Diagnosis(request_id=request_id, status="success", result=result, images=images)


def refuse_unreadable(files: Sequence[InputFile]) -> None:
    if files[0].content == b"unreadable":
        raise ServingError(Reason.IMAGE_UNREADABLE, "An image was expected.")
    if files[0].content == b"crash":
        raise ValueError(f"an element of {PATIENT} is unknown")
