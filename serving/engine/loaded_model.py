"""A registered classifier in memory: loads it, warms it, predicts a batch and explains an image."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from serving.engine.model_file import (
    ClassifierFiles,
    ClassifierSettings,
    ModelRefusedError,
    first_line,
)
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array, ModelDescription, RawHeatMap
from serving.engine.registry import RegisteredVersion
from serving.explanation.grad_cam import grad_cam
from serving.explanation.target_layer import NoMapError
from training.data.augmentation import evaluation_transform
from training.models.features import has_features, logits_and_features
from training.taxonomies.taxonomy import Modality, modality_of

logger = logging.getLogger(__name__)

GRAD_CAM = "Grad-CAM"

_SERVED_MODALITIES = (Modality.FUNDUS, Modality.OCT)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Of a batch of images: `logits` float32 [N, classes], `features` float32 [N, D]."""

    logits: Array
    features: Array


class LoadedModel:
    """The network of a registered version on one device. Its methods must not run at the same time."""

    def __init__(
        self, files: ClassifierFiles, version: RegisteredVersion, *, device: str, max_batch: int
    ) -> None:
        """Build the network and load its weights. Raises ModelRefusedError if they do not fit."""
        self.preparation = Preparation(
            image_size=files.settings.image_size,
            decode_size=files.settings.decode_size,
            framing=files.settings.framing,
        )
        self.description = _description(files, version)
        self._device = torch.device(device)
        self._max_batch = max_batch
        self._network = _network(files).eval().to(self._device)
        self._forward: Callable[[Tensor], tuple[Tensor, Tensor]] = self._eager_forward

    @property
    def device(self) -> str:
        """Such as cpu or cuda:0."""
        return str(self._device)

    @property
    def is_on_gpu(self) -> bool:
        return self._device.type == "cuda"

    def warm(self) -> None:
        """Run the network once at each batch size that it will see, so that no request waits for that.

        Raises ModelRefusedError if its output is not what its settings promise.
        """
        side = self.preparation.decode_size
        try:
            # A ramp, since a constant image may hide a network that only returns not-a-number.
            ramp = np.linspace(0, 255, side).astype(np.uint8)
            image = np.broadcast_to(ramp, (1, 3, side, side))
            outputs = self.predict(image)
        except (RuntimeError, TypeError, ValueError, AttributeError, AssertionError) as error:
            raise ModelRefusedError(
                f"the network fails on an image ({type(error).__name__}: {first_line(error)})"
            ) from error
        self._require(outputs)
        if self.is_on_gpu:
            self._compile(image)

    def predict(self, images: Array) -> Outputs:
        """Predict prepared images, uint8 [N, 3, S, S] with S = decode_size."""
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(self._padded(images)))
            logits, features = self._forward(self._on_device(pixels))
            count = len(images)
            return Outputs(
                logits=logits[:count].float().cpu().numpy(),
                features=features[:count].float().cpu().numpy(),
            )

    def explain(self, image: Array, class_index: int) -> RawHeatMap:
        """The map of one prepared image.

        With a reason instead of values if the network has no map.
        """
        pixels = self._on_device(torch.from_numpy(np.ascontiguousarray(image[None])))
        try:
            found = grad_cam(self._network, self._transformed(pixels), class_index)
        except NoMapError as error:
            return RawHeatMap(
                values=np.zeros((0, 0), np.float32), method=GRAD_CAM, absent_reason=str(error)
            )
        method = f"{GRAD_CAM} ({found.layer})"
        return RawHeatMap(values=found.values, method=method, reference=found.reference)

    def close(self) -> None:
        """Give the memory of the network back. The model cannot be used afterwards."""
        del self._network, self._forward
        if self.is_on_gpu:
            torch.cuda.empty_cache()

    def _on_device(self, pixels: Tensor) -> Tensor:
        if not self.is_on_gpu:
            return pixels
        return pixels.pin_memory().to(self._device, non_blocking=True)

    def _transformed(self, pixels: Tensor) -> Tensor:
        return evaluation_transform(pixels, self.preparation.image_size, self.preparation.framing)

    def _eager_forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and features of uint8 [N, 3, S, S], with bfloat16 on a GPU."""
        images = self._transformed(pixels)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.is_on_gpu):
            if has_features(self._network):
                return logits_and_features(self._network, images)
            return self._network(images), images.new_zeros((len(images), 0))

    def _require(self, outputs: Outputs) -> None:
        num_classes = len(self.description.classes)
        if outputs.logits.shape != (1, num_classes):
            raise ModelRefusedError(
                f"expected {num_classes} logits for an image, but the network returns "
                f"{list(outputs.logits.shape[1:])}"
            )
        if not (np.isfinite(outputs.logits).all() and np.isfinite(outputs.features).all()):
            raise ModelRefusedError("the network returns values that are not finite numbers")
        statistics = self.description.statistics
        if statistics is not None and statistics.means.shape[1] != outputs.features.shape[1]:
            sentence = "The feature statistics are of features of another size."
            self.description = replace(
                self.description, statistics=None, missing=(*self.description.missing, sentence)
            )

    def _padded(self, images: Array) -> Array:
        """On a GPU, the batch filled up to a size that the network was compiled for."""
        count = len(images)
        size = padded_size(count, self._max_batch) if self.is_on_gpu else count
        if size <= count:
            return images
        filling = np.zeros((size - count, *images.shape[1:]), np.uint8)
        return np.concatenate([images, filling])

    def _compile(self, image: Array) -> None:
        """Compile the network for each batch size; a network that cannot be compiled runs without."""
        self._forward = torch.compile(self._eager_forward, dynamic=False)
        try:
            for size in batch_sizes(self._max_batch):
                self.predict(np.repeat(image, size, axis=0))
        except Exception as error:  # noqa: BLE001 - the compiler raises errors of any type
            logger.warning(
                "torch.compile failed for %s (%s), so it runs without: slower, with the same output.",
                self.description.name,
                type(error).__name__,
            )
            self._forward = self._eager_forward


def padded_size(count: int, max_batch: int) -> int:
    """The smallest batch size that is compiled and holds `count` images."""
    return next((size for size in batch_sizes(max_batch) if size >= count), count)


def batch_sizes(max_batch: int) -> list[int]:
    """1, 4, 16, … up to `max_batch`: few sizes, since each is compiled once."""
    sizes = []
    size = 1
    while size < max_batch:
        sizes.append(size)
        size *= 4
    return [*sizes, max_batch]


def _network(files: ClassifierFiles) -> nn.Module:
    settings = files.settings
    options = settings.options.model_dump(exclude_none=True)
    try:
        network: nn.Module = timm.create_model(settings.backbone, pretrained=False, **options)
        network.load_state_dict(load_file(files.weights))
    except (SafetensorError, OSError) as error:
        raise ModelRefusedError(
            f"its weights are no readable safetensors ({type(error).__name__})"
        ) from error
    except (RuntimeError, TypeError, ValueError, AssertionError, KeyError) as error:
        raise ModelRefusedError(
            f"timm {timm.__version__} cannot build {settings.backbone} with its settings and "
            f"weights ({first_line(error)}): install the versions in the model's requirements"
        ) from error
    return network


def _description(files: ClassifierFiles, version: RegisteredVersion) -> ModelDescription:
    settings = files.settings
    return ModelDescription(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        classes=settings.classes,
        modalities=_modalities(settings),
        image_size=settings.image_size,
        evidence=files.evidence,
        missing=files.missing,
        statistics=files.statistics,
    )


def _modalities(settings: ClassifierSettings) -> tuple[str, ...]:
    """Of each class: as registered, else as its name says; empty where that is neither of the two."""
    modalities: Sequence[str] = settings.modalities
    if len(modalities) != len(settings.classes):
        modalities = [modality_of(name).value for name in settings.classes]
    return tuple(each if each in _SERVED_MODALITIES else "" for each in modalities)
