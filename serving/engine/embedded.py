"""Runs models in this process: one thread computes, another one loads."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

from serving.engine.batcher import FAILED
from serving.engine.loaded_model import LoadedModel
from serving.engine.model_file import read_classifier
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, ModelOutput, RawHeatMap
from serving.engine.registry import ModelRegistry, RegisteredVersion
from serving.engine.segmentation_model import SegmentationModel, read_segmenter
from serving.errors import Reason, ServingError
from serving.settings import StartError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class EmbeddedBackend:
    """Loads models onto one device of this machine."""

    def __init__(self, registry: ModelRegistry, *, device: str, max_batch: int) -> None:
        self._registry = registry
        self._device = device
        self._max_batch = max_batch
        # Networks that compute at the same time would share the device and both be late.
        self._computing = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="model-loader")

    async def load(self, version: RegisteredVersion) -> "EmbeddedRunner":
        model = await self._load(
            lambda: load_model(
                self._registry, version, device=self._device, max_batch=self._max_batch
            )
        )
        return EmbeddedRunner(model, self._computing)

    async def load_segmenter(self, version: RegisteredVersion) -> "EmbeddedSegmenter":
        model = await self._load(
            lambda: load_segmenter(self._registry, version, device=self._device)
        )
        return EmbeddedSegmenter(model, self._computing)

    async def close(self) -> None:
        self._loading.shutdown(wait=False, cancel_futures=True)
        self._computing.shutdown(wait=False, cancel_futures=True)

    async def _load(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._loading, call)


class EmbeddedRunner:
    """A classifier of this process, which one thread uses."""

    def __init__(self, model: LoadedModel, computing: Executor) -> None:
        self._model = model
        self._computing = computing
        self.description: ModelDescription = model.description
        self.preparation: Preparation = model.preparation
        # On a GPU the next batch is on its way while one is computed.
        self.num_parallel = 2 if model.is_on_gpu else 1

    async def predict(self, images: Sequence[Array], *, timeout_s: float) -> list[ModelOutput]:
        return await _compute(self._computing, lambda: predict_images(self._model, images))

    async def explain(self, image: Array, class_index: int, *, timeout_s: float) -> RawHeatMap:
        return await _compute(self._computing, lambda: self._model.explain(image, class_index))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._computing, self._model.close)


class EmbeddedSegmenter:
    """A segmentation model of this process, which the same thread uses."""

    def __init__(self, model: SegmentationModel, computing: Executor) -> None:
        self._model = model
        self._computing = computing
        self.preparation: Preparation = model.preparation
        self.classes: tuple[str, ...] = model.classes
        self.num_parallel = 1

    async def segment(self, image: Array, *, timeout_s: float) -> Array:
        return await _compute(self._computing, lambda: self._model.segment(image))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._computing, self._model.close)


async def _compute(computing: Executor, call: Callable[[], T]) -> T:
    """The result of `call` in the thread. Raises ServingError MODEL_FAILED, with the reason in the log."""
    try:
        return await asyncio.get_running_loop().run_in_executor(computing, call)
    except Exception as error:
        logger.exception("The model failed.")
        raise ServingError(Reason.MODEL_FAILED, FAILED) from error


def load_model(
    registry: ModelRegistry, version: RegisteredVersion, *, device: str, max_batch: int
) -> LoadedModel:
    """Download, load and warm a version. Raises RegistryError or ModelRefusedError."""
    with registry.downloaded(version) as folder:
        files = read_classifier(folder)
        model = LoadedModel(files, version, device=device, max_batch=max_batch)
    model.warm()
    return model


def load_segmenter(
    registry: ModelRegistry, version: RegisteredVersion, *, device: str
) -> SegmentationModel:
    """Download, load and warm a version of a segmentation model; raises as `load_model`."""
    with registry.downloaded(version) as folder:
        model = SegmentationModel(read_segmenter(folder), device=device)
    model.warm()
    return model


def predict_images(model: LoadedModel, images: Sequence[Array]) -> list[ModelOutput]:
    """One output for each prepared image."""
    outputs = model.predict(np.stack(images))
    return [
        ModelOutput(logits=logits, features=features)
        for logits, features in zip(outputs.logits, outputs.features, strict=True)
    ]


def choose_device(name: str) -> str:
    """The device that `name` stands for: auto, cpu, cuda or cuda:N. Raises StartError."""
    num_gpus = torch.cuda.device_count()
    if name == "auto":
        return "cuda:0" if num_gpus else "cpu"
    if name == "cpu":
        return name
    kind, _, index = name.partition(":")
    if kind != "cuda" or not (index.isdecimal() or not index):
        raise StartError(
            f"The device {name[:40]!r} is unknown: expected auto, cpu, cuda or cuda:N."
        )
    if int(index or 0) >= num_gpus:
        raise StartError(
            f"There is no GPU {name}: PyTorch finds {num_gpus} of them here. Use the device auto."
        )
    return f"cuda:{int(index or 0)}"
