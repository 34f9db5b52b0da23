"""The code of a registered segmentation model, which MLflow stores with it; it needs no Fovea.

MLflow executes this file when the model is loaded (models from code), so no class is pickled. It
needs torch, timm, segmentation-models-pytorch, safetensors and NumPy. The network is that of
network.py.
"""

from typing import Any

import numpy as np
import timm
import torch
import torch.nn.functional as F
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from PIL import Image
from safetensors.torch import load_file
from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
NARROWEST_LEVEL = 16
FLAT_STRIDES = (4, 8, 16, 32)

Array = np.ndarray[Any, Any]


class _Network(nn.Module):
    """Maps images [B, 3, S, S] to logits [B, classes, S, S]."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.encoder = timm.create_model(
            settings["encoder"], pretrained=False, features_only=True, **settings["options"]
        )
        info: Any = self.encoder.feature_info
        self._strides = _strides(info.reduction())
        self._is_channels_last = str(getattr(self.encoder, "output_fmt", "")).endswith("NHWC")
        channels = dict(zip(self._strides, info.channels(), strict=True))
        self._levels = [2**level for level in range(1, self._strides[-1].bit_length())]
        width = settings["decoder_width"]
        widths = [max(NARROWEST_LEVEL, width >> level) for level in range(len(self._levels))]
        self.decoder = UnetDecoder(
            encoder_channels=[3, *(channels.get(stride, 0) for stride in self._levels)],
            decoder_channels=widths,
            n_blocks=len(widths),
        )
        self.head = SegmentationHead(widths[-1], len(settings["mask_classes"]))

    def forward(self, images: Tensor) -> Tensor:
        found = dict(zip(self._strides, self.encoder(images), strict=True))
        features = [images]
        for stride in self._levels:
            size = [-(-side // stride) for side in images.shape[-2:]]
            if stride in found:
                features.append(self._resized(found[stride], size))
            else:
                features.append(images.new_empty(len(images), 0, *size))
        logits: Tensor = self.head(self.decoder(features))
        return logits

    def _resized(self, feature: Tensor, size: list[int]) -> Tensor:
        if self._is_channels_last:
            feature = feature.permute(0, 3, 1, 2)
        if list(feature.shape[-2:]) == size:
            return feature
        return F.interpolate(feature, size, mode="bilinear", antialias=True)


def _strides(reductions: list[int]) -> list[int]:
    is_pyramid = all(stride == 2 ** (stride.bit_length() - 1) for stride in reductions)
    if is_pyramid and len(set(reductions)) == len(reductions):
        return list(reductions)
    return list(FLAT_STRIDES[-len(reductions) :])


class _Segmenter:
    """Maps uint8 RGB images [N, H, W, 3] of one size to positions in `mask_classes`, uint8 [N, H, W]."""

    def load_context(self, context: PythonModelContext) -> None:
        """Build the network and load its weights."""
        self.settings = dict(context.model_config)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = _Network(self.settings)
        self.network.load_state_dict(load_file(context.artifacts["weights"]))
        self.network.eval().to(self.device)

    # MLflow would read type hints as the signature of the model.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """The most probable class of each pixel."""
        images = np.asarray(model_input)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ValueError(
                "Expected RGB images as uint8 [N, H, W, 3], "
                f"but {images.dtype} {list(images.shape)} came."
            )
        maps = [self._class_map(image) for image in images]
        return np.stack(maps) if maps else np.zeros(images.shape[:3], np.uint8)

    @torch.inference_mode()
    def _class_map(self, image: Array) -> Array:
        size = self.settings["image_size"]
        scaled = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(scaled)).to(self.device).permute(2, 0, 1)[None] / 255
        mean = torch.tensor(IMAGENET_MEAN, device=self.device).view(1, 3, 1, 1)
        std = torch.tensor(IMAGENET_STD, device=self.device).view(1, 3, 1, 1)
        logits = self.network((pixels - mean) / std)[0].float()
        found: Array = _most_probable(logits, *image.shape[:2]).cpu().numpy()
        return found


def _most_probable(logits: Tensor, height: int, width: int) -> Tensor:
    """The class of each pixel, uint8 [height, width]; one class at a time to spare memory."""
    best = _plane(logits[0], height, width)
    classes = torch.zeros(best.shape, dtype=torch.uint8, device=logits.device)
    for index in range(1, len(logits)):
        values = _plane(logits[index], height, width)
        is_better = values > best
        best = torch.where(is_better, values, best)
        classes[is_better] = index
    return classes


def _plane(logits: Tensor, height: int, width: int) -> Tensor:
    if tuple(logits.shape) == (height, width):
        return logits
    return F.interpolate(logits[None, None], [height, width], mode="bilinear")[0, 0]


class ImageSegmenter(_Segmenter, PythonModel):
    """The model as MLflow calls it; MLflow would demand type hints if `predict` was defined here."""


set_model(ImageSegmenter())
