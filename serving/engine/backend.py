"""The interface between the engine and where a model runs: in this process, or on Ray Serve."""

from collections.abc import Sequence
from typing import Protocol

from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, ModelOutput, RawHeatMap
from serving.engine.registry import RegisteredVersion


class Runner(Protocol):
    """One version of a model, loaded and warm."""

    @property
    def description(self) -> ModelDescription: ...

    @property
    def preparation(self) -> Preparation: ...

    @property
    def num_parallel(self) -> int:
        """Batches that may be under way at one time."""

    async def predict(self, images: Sequence[Array], *, timeout_s: float) -> list[ModelOutput]:
        """The outputs for prepared images, each uint8 [3, S, S]. Raises ServingError."""

    async def explain(self, image: Array, class_index: int, *, timeout_s: float) -> RawHeatMap:
        """The map of one prepared image, over the whole of it. Raises ServingError."""

    async def close(self) -> None:
        """Free what the version holds; nothing may be under way."""


class SegmentationRunner(Protocol):
    """One version of a segmentation model, loaded and warm."""

    @property
    def preparation(self) -> Preparation: ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The first one is the background."""

    @property
    def num_parallel(self) -> int:
        """Images that may be under way at one time."""

    async def segment(self, image: Array, *, timeout_s: float) -> Array:
        """Logits, float32 [classes, S, S], of a prepared image [3, S, S]. Raises ServingError."""

    async def close(self) -> None:
        """As `Runner.close`."""


class Backend(Protocol):
    """Loads versions, which run beside each other until they are closed."""

    async def load(self, version: RegisteredVersion) -> Runner:
        """A classifier, loaded and warm. Raises RegistryError or ModelRefusedError."""

    async def load_segmenter(self, version: RegisteredVersion) -> SegmentationRunner:
        """A segmentation model, as `load`."""

    async def close(self) -> None:
        """End what was started, after all runners are closed."""
