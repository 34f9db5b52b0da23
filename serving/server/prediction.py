"""Has the frames of a request predicted, in batches of bounded size."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from serving.diagnosis.inputs import ImageInput
from serving.diagnosis.probabilities import calibrated_probabilities
from serving.diagnosis.quality import GRADABLE_CLASS
from serving.engine.protocol import LeasedModel, ModelOutput
from serving.images.image import DecodedFile, Pixels
from serving.server.deadline import Deadline

FRAMES_PER_CALL = 64
"""Frames that are handed to the engine at one time, so that one volume does not fill its queue."""


def sampled(image: ImageInput, max_frames: int) -> ImageInput:
    """The image with at most `max_frames` evenly spaced frames; a note and their numbers say which."""
    decoded = image.decoded
    if decoded is None or len(decoded.frames) <= max_frames:
        return image
    numbers = evenly_spaced(len(decoded.frames), max_frames)
    note = f"of {len(decoded.frames)} frames, {max_frames} at even distances were predicted"
    kept = tuple(decoded.frames[number] for number in numbers)
    return replace(
        image,
        decoded=replace(decoded, frames=kept, notes=(*decoded.notes, note)),
        frame_numbers=numbers,
        num_frames=len(decoded.frames),
    )


def evenly_spaced(num_all: int, num_kept: int) -> tuple[int, ...]:
    """`num_kept` different positions below `num_all`, from the first to the last."""
    if num_kept == 1:
        return (num_all // 2,)
    return tuple(round(each * (num_all - 1) / (num_kept - 1)) for each in range(num_kept))


async def predicted(
    images: Sequence[ImageInput],
    model: LeasedModel,
    quality_model: LeasedModel | None,
    deadline: Deadline,
) -> list[ImageInput]:
    """The images with the outputs of all their frames. Raises ServingError of the engine."""
    frames = [frame for image in images for frame in _frames(image.decoded)]
    outputs = iter(await _in_batches(frames, model, deadline))
    qualities = iter(await _qualities(frames, quality_model, deadline))
    found = []
    for image in images:
        count = len(_frames(image.decoded))
        found.append(
            replace(
                image,
                outputs=tuple(next(outputs) for _ in range(count)),
                quality=tuple(next(qualities) for _ in range(count)) if quality_model else (),
            )
        )
    return found


async def _in_batches(
    frames: Sequence[Pixels], model: LeasedModel, deadline: Deadline
) -> list[ModelOutput]:
    outputs: list[ModelOutput] = []
    for start in range(0, len(frames), FRAMES_PER_CALL):
        batch = frames[start : start + FRAMES_PER_CALL]
        outputs += await model.predict(batch, timeout_s=deadline.left_s())
    return outputs


async def _qualities(
    frames: Sequence[Pixels], model: LeasedModel | None, deadline: Deadline
) -> list[Mapping[str, float]]:
    if model is None:
        return []
    description = model.description
    return [
        dict(
            zip(
                description.classes,
                map(float, calibrated_probabilities(output.logits, description)),
                strict=True,
            )
        )
        for output in await _in_batches(frames, model, deadline)
    ]


def judges_quality(model: LeasedModel | None) -> bool:
    """Whether the model is there, and has the class of the images that can be graded."""
    return model is not None and GRADABLE_CLASS in model.description.classes


def _frames(decoded: DecodedFile | None) -> Sequence[Pixels]:
    return () if decoded is None else decoded.frames
