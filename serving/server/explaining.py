"""Has the answer about each file explained: heat map, masks, and the DICOM objects that show them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from serving.diagnosis.image_assessment import FrameAssessment, ImageAssessment
from serving.diagnosis.inputs import Explanation, ImageInput
from serving.engine.protocol import LeasedModel, LeasedSegmenter, ModelDescription
from serving.errors import Reason, ServingError
from serving.explanation.dicom.derivation import Algorithm
from serving.explanation.dicom.objects import SegmentedImage, dicom_objects
from serving.explanation.heat_map import DrawnHeatMap, draw_heat_map
from serving.explanation.masks import masks_of
from serving.images.image import Pixels
from serving.server.deadline import Deadline
from serving.server.decoding import Decoder
from serving.server.uploads import InputFile
from serving.v1 import diagnosis_pb2 as messages

DICOM = "DICOM"

GATE_CLOSED = "the image did not pass the gates, so no class of it is explained"


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Explains what the leased model said; `segmenter` is None if no masks were asked for."""

    model: LeasedModel
    segmenter: LeasedSegmenter | None
    decoder: Decoder
    options: messages.DiagnosisOptions
    deadline: Deadline

    async def explain(
        self, image: ImageInput, assessed: ImageAssessment, file: InputFile
    ) -> Explanation:
        """The explanation of one file; empty without an assessment. Raises ServingError."""
        worst, decoded = assessed.worst, image.decoded
        if worst is None or decoded is None:
            return Explanation()
        pixels = decoded.frames[image.position_of(worst.frame)]
        heat_map = await self._heat_map(pixels, worst) if self.options.include_gradcam else None
        segmented = await self._segmented(pixels)
        objects: Sequence[messages.DicomObject] = ()
        if self.options.include_dicom and decoded.format == DICOM:
            objects = await self._dicom_objects(file, worst.frame, heat_map, segmented)
        return Explanation(
            heat_map=None if heat_map is None else heat_map.message,
            masks=await _masks(segmented),
            dicom_objects=objects,
        )

    async def _heat_map(self, pixels: Pixels, worst: FrameAssessment) -> DrawnHeatMap:
        class_name = self.model.description.classes[worst.explained]
        if worst.abstention.is_gated:
            return _no_map(GATE_CLOSED, class_name)
        try:
            raw = await self.model.explain(
                pixels, class_index=worst.explained, timeout_s=self.deadline.left_s()
            )
        except ServingError as error:
            if error.reason is not Reason.MODEL_FAILED:
                raise
            # The diagnosis stands without its map.
            return _no_map(error.message, class_name)
        return await asyncio.to_thread(draw_heat_map, raw, pixels, class_name)

    async def _segmented(self, pixels: Pixels) -> SegmentedImage | None:
        if self.segmenter is None:
            return None
        found = await self.segmenter.segment(pixels, timeout_s=self.deadline.left_s())
        return SegmentedImage(image=pixels, class_map=found.class_map, classes=found.classes)

    async def _dicom_objects(
        self,
        file: InputFile,
        frame: int,
        heat_map: DrawnHeatMap | None,
        segmented: SegmentedImage | None,
    ) -> list[messages.DicomObject]:
        overlay = None if heat_map is None else heat_map.overlay
        if overlay is None and segmented is None:
            return []
        header = await self.decoder.read_header(file.content, timeout_s=self.deadline.left_s())
        return await asyncio.to_thread(
            dicom_objects,
            header,
            algorithm(self.model.description),
            heat_map=overlay,
            segmented=segmented,
            frame=frame,
        )


async def _masks(segmented: SegmentedImage | None) -> Sequence[messages.Mask]:
    if segmented is None:
        return ()
    return await asyncio.to_thread(masks_of, segmented.class_map, segmented.classes)


def algorithm(model: ModelDescription) -> Algorithm:
    return Algorithm(name=model.name, version=model.version, run_id=model.run_id)


def _no_map(reason: str, class_name: str) -> DrawnHeatMap:
    message = messages.HeatMap(absent_reason=reason, class_name=class_name)
    return DrawnHeatMap(message=message, overlay=None)
