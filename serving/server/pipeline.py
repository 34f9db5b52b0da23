"""Makes a diagnosis: decodes the files, has them predicted by one version, answers, and explains the answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from serving.diagnosis.answer import Assessment, answer, assess, confidence_threshold
from serving.diagnosis.decoded_answer import decoded_answer
from serving.diagnosis.inputs import Explanation, ImageInput
from serving.diagnosis.urgency import UrgencyRules
from serving.engine.protocol import Engine, LeasedModel, LeasedSegmenter
from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline
from serving.server.decoding import Decoder, FileDecoding
from serving.server.explaining import DICOM, Explainer
from serving.server.metrics import Metrics
from serving.server.prediction import judges_quality, predicted, sampled
from serving.server.uploads import InputFile
from serving.settings import ServingSettings
from serving.v1 import diagnosis_pb2 as messages

NO_DICOM = "no DICOM object was made, since the file is no DICOM file"


class DiagnosisPipeline:
    """Implements `serving.server.diagnosis_service.Pipeline`."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        decoder: Decoder,
        engine: Engine,
        rules: UrgencyRules,
        metrics: Metrics,
    ) -> None:
        self._max_frames = settings.max_frames
        self._decoder = decoder
        self._decoding = FileDecoding(
            decoder, max_pixels=settings.max_pixels, count_failure=metrics.count_decode_failure
        )
        self._engine = engine
        self._rules = rules

    async def diagnose(
        self,
        files: Sequence[InputFile],
        options: messages.DiagnosisOptions,
        *,
        request_id: str,
        deadline: Deadline,
    ) -> messages.Diagnosis:
        """The answer about one patient.

        Raises ServingError: of the only file, if it cannot be diagnosed; else of the service.
        """
        started = time.perf_counter()
        # What is wrong with the request is said before anything is computed.
        confidence_threshold(options)
        if options.decode_only:
            images = await self._decoding.decode(files, deadline)
            made = await asyncio.to_thread(
                decoded_answer,
                images,
                request_id=request_id,
                processing_time_s=time.perf_counter() - started,
            )
            return _require_one(made, len(files))
        async with self._engine.lease() as model, self._masks(options) as segmenter:
            images = await self._predicted(files, model, deadline)
            assessment = await asyncio.to_thread(
                assess, images, model=model.description, options=options, rules=self._rules
            )
            explainer = Explainer(
                model=model,
                segmenter=segmenter,
                decoder=self._decoder,
                options=options,
                deadline=deadline,
            )
            explanations = await _explanations(explainer, files, images, assessment)
        made = await asyncio.to_thread(
            answer,
            assessment,
            request_id=request_id,
            processing_time_s=time.perf_counter() - started,
            explanations=explanations,
        )
        if options.include_dicom:
            _note_missing_objects(made, images)
        return _require_one(made, len(files))

    async def _predicted(
        self, files: Sequence[InputFile], model: LeasedModel, deadline: Deadline
    ) -> list[ImageInput]:
        images = [
            sampled(image, self._max_frames)
            for image in await self._decoding.decode(files, deadline)
        ]
        async with self._engine.lease_quality() as quality_model:
            judge = quality_model if judges_quality(quality_model) else None
            return await predicted(images, model, judge, deadline)

    @asynccontextmanager
    async def _masks(
        self, options: messages.DiagnosisOptions
    ) -> AsyncIterator[LeasedSegmenter | None]:
        if not options.include_segmentation:
            yield None
            return
        async with self._engine.lease_segmenter() as leased:
            yield leased


async def _explanations(
    explainer: Explainer,
    files: Sequence[InputFile],
    images: Sequence[ImageInput],
    assessment: Assessment,
) -> dict[int, Explanation]:
    """By the position of the file; one after another, since one device computes them."""
    wanted = explainer.options
    if not (wanted.include_gradcam or wanted.include_segmentation):
        return {}
    return {
        image.position: await explainer.explain(image, assessed, file)
        for image, assessed, file in zip(images, assessment.images, files, strict=True)
    }


def _note_missing_objects(made: messages.Diagnosis, images: Sequence[ImageInput]) -> None:
    formats = {image.position: image.decoded.format for image in images if image.decoded}
    for image in made.images:
        if formats.get(image.file, DICOM) != DICOM:
            image.notes.append(NO_DICOM)


def _require_one(made: messages.Diagnosis, num_files: int) -> messages.Diagnosis:
    """Of one file, an error is that of the request; of several, each has its own in the answer."""
    if made.status == "error" and num_files == 1:
        raise ServingError(Reason(made.error.reason), made.error.message)
    return made
