"""A copy of a model in a process of Ray Serve."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from serving.engine.embedded import (
    EmbeddedRunner,
    EmbeddedSegmenter,
    choose_device,
    load_model,
    load_segmenter,
)
from serving.engine.model_file import ModelRefusedError
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, RawHeatMap
from serving.engine.registry import ModelRegistry, RegisteredVersion, RegistryError


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a replica has loaded, or why it has not."""

    description: ModelDescription | None = None
    preparation: Preparation | None = None
    classes: tuple[str, ...] = ()
    """Of a segmentation model."""
    refusal: str = ""
    """Why the version cannot be served."""
    registry_problem: str = ""
    """Why the version could not be downloaded, which may be otherwise later."""


class ModelReplica:
    """Holds one version of a classifier; calls wait for each other in one thread."""

    def __init__(
        self, tracking_uri: str, version: RegisteredVersion, *, device: str, max_batch: int
    ) -> None:
        def load() -> Loaded:
            model = load_model(
                ModelRegistry(tracking_uri),
                version,
                device=choose_device(device),
                max_batch=max_batch,
            )
            self._runner = EmbeddedRunner(model, _one_thread())
            return Loaded(description=model.description, preparation=model.preparation)

        self._loaded = _attempt(load)

    async def loaded(self) -> Loaded:
        return self._loaded

    async def predict(self, images: Array) -> tuple[Array, Array]:
        """Logits [N, classes] and features [N, D] of prepared images, uint8 [N, 3, S, S]."""
        outputs = await self._runner.predict(list(images), timeout_s=0)
        return (
            np.stack([output.logits for output in outputs]),
            np.stack([output.features for output in outputs]),
        )

    async def explain(self, image: Array, class_index: int) -> RawHeatMap:
        return await self._runner.explain(image, class_index, timeout_s=0)


class SegmentationReplica:
    """Holds one version of a segmentation model."""

    def __init__(
        self, tracking_uri: str, version: RegisteredVersion, *, device: str, max_batch: int
    ) -> None:
        def load() -> Loaded:
            model = load_segmenter(
                ModelRegistry(tracking_uri), version, device=choose_device(device)
            )
            self._runner = EmbeddedSegmenter(model, _one_thread())
            return Loaded(preparation=model.preparation, classes=model.classes)

        self._loaded = _attempt(load)

    async def loaded(self) -> Loaded:
        return self._loaded

    async def segment(self, image: Array) -> Array:
        """Logits [classes, S, S] of a prepared image, uint8 [3, S, S]."""
        return await self._runner.segment(image, timeout_s=0)


def _attempt(load: Callable[[], Loaded]) -> Loaded:
    """Serve would start a replica whose constructor raises again, and hide the reason in a log."""
    try:
        return load()
    except ModelRefusedError as error:
        return Loaded(refusal=str(error))
    except RegistryError as error:
        return Loaded(registry_problem=str(error))


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="inference")
