"""The interface between the gRPC service and an inference engine, embedded or on Ray Serve."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from serving.explanation.area import WHOLE, Area
from serving.images.image import Pixels
from training.evidence.schema import ModelEvidence

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class FeatureTensors:
    """The distribution of the features of val, for the Mahalanobis distance; of STATISTICS_FILE."""

    means: Array
    """Float32 [K, D], a row for each class that val has."""
    precision: Array
    """Float32 [D, D]: the inverse of the shared covariance."""


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """A loaded version of the registered model."""

    name: str
    version: str
    run_id: str
    classes: tuple[str, ...]
    modalities: tuple[str, ...]
    """fundus or oct, of each class; empty strings if the model does not say."""
    image_size: int
    evidence: ModelEvidence
    missing: tuple[str, ...] = field(default=())
    """What the model was registered without, in sentences for the answer."""
    statistics: FeatureTensors | None = None
    """None if the model was registered without them."""


@dataclass(frozen=True, kw_only=True)
class ModelOutput:
    """The output for one image."""

    logits: Array
    """Float32 [classes]."""
    features: Array
    """Float32 [D]: the input of the last layer."""


@dataclass(frozen=True, kw_only=True)
class RawHeatMap:
    """A Grad-CAM map before scaling; neither scaled nor enlarged, since both hide that it is flat."""

    values: Array
    """Float32 [h, w], not negative, as the network gives it: over the area `seen`."""
    method: str
    seen: Area = WHOLE
    """The part of the image shown that the network sees; `serving.explanation.area` tells it."""
    reference: float = 0.0
    """Height of the peak of maps with shuffled channel weights; 0 if it is not known."""
    absent_reason: str = ""
    """Why the model has no map of the image; `values` are then empty."""


@dataclass(frozen=True, kw_only=True)
class PixelClasses:
    """The most probable class of each pixel, in the size of the image shown."""

    class_map: Array
    """Uint8 [H, W]: positions in `classes`."""
    classes: tuple[str, ...]
    """The first one is the background."""


class LeasedModel(Protocol):
    """One version of the model. It stays loaded until the lease ends, even after the alias has moved."""

    @property
    def description(self) -> ModelDescription: ...

    async def predict(self, images: Sequence[Pixels], *, timeout_s: float) -> list[ModelOutput]:
        """One output per image, in order.

        Images may differ in size; the engine prepares them as the training did. Raises ServingError:
        QUEUE_FULL, DEADLINE_EXCEEDED, MODEL_FAILED.
        """

    async def explain(self, image: Pixels, *, class_index: int, timeout_s: float) -> RawHeatMap:
        """The map of the regions that speak for the class. Raises ServingError like `predict`."""


class LeasedSegmenter(Protocol):
    """One version of the segmentation model, as `LeasedModel`."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    async def segment(self, image: Pixels, *, timeout_s: float) -> PixelClasses:
        """The classes of the pixels. Raises ServingError like `LeasedModel.predict`."""


class Engine(Protocol):
    """Serves the version that the alias names; a new one is warmed before it takes over."""

    def lease(self) -> AbstractAsyncContextManager[LeasedModel]:
        """The current version. Raises ServingError MODEL_NOT_LOADED, which says what to do."""

    def current(self) -> ModelDescription | None:
        """What is served now; None before the first version is loaded."""

    def lease_quality(self) -> AbstractAsyncContextManager[LeasedModel | None]:
        """The registered model of the quality gate; None while there is none."""

    def lease_segmenter(self) -> AbstractAsyncContextManager[LeasedSegmenter]:
        """The registered segmentation model. Raises ServingError SEGMENTATION_UNAVAILABLE."""

    @property
    def num_queued(self) -> int:
        """Images that wait for the model, or that it works on."""

    @property
    def message(self) -> str:
        """What keeps the engine from its work, and what to do about it; empty if all is well.

        Such as that no model is registered, or that the registry has not answered for a while.
        """

    async def start(self) -> None:
        """Load and warm the model; goes on without one, and retries, if there is none yet."""

    async def close(self) -> None:
        """End what was started. Pending predictions raise SHUTTING_DOWN."""
