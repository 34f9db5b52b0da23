"""The network of the segmentation recipe: an encoder of timm and a U-Net decoder.

registered_segmenter.py has the same network, because a registered model needs no Fovea.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import timm
import torch
import torch.nn.functional as F
from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from torch import Tensor, nn

from training.errors import ConfigError, first_line
from training.models.backbone import has_fixed_image_size, require_model

logger = logging.getLogger(__name__)

NARROWEST_LEVEL = 16
NUM_REAL_SAMPLES = 2
FLAT_STRIDES = (4, 8, 16, 32)
"""An encoder with one resolution, such as a vision transformer, has a block for each of them."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What a network is built from; stored with a registered model."""

    encoder: str
    options: Mapping[str, Any]
    """Keyword arguments for `timm.create_model`."""
    decoder_width: int
    num_classes: int


class SegmentationNetwork(nn.Module):
    """Maps images [B, 3, S, S] to logits [B, classes, S, S]; weights are random.

    The decoder gets a feature map for each stride from 2 on; it is empty where the encoder has none.
    Those of an encoder with one resolution are resized to the strides (as in ViTDet, Li et al. 2022,
    without its convolutions).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.num_classes = config.num_classes
        self.encoder = timm.create_model(
            config.encoder, pretrained=False, features_only=True, **config.options
        )
        info: Any = self.encoder.feature_info
        self._strides = _strides(info.reduction())
        self._is_channels_last = str(getattr(self.encoder, "output_fmt", "")).endswith("NHWC")
        channels = dict(zip(self._strides, info.channels(), strict=True))
        self._levels = [2**level for level in range(1, self._strides[-1].bit_length())]
        widths = [
            max(NARROWEST_LEVEL, config.decoder_width >> level)
            for level in range(len(self._levels))
        ]
        self.decoder = UnetDecoder(
            encoder_channels=[3, *(channels.get(stride, 0) for stride in self._levels)],
            decoder_channels=widths,
            n_blocks=len(widths),
        )
        self.head = SegmentationHead(widths[-1], config.num_classes)
        initialize_decoder(self.decoder)
        initialize_head(self.head)

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


def _strides(reductions: Sequence[int]) -> list[int]:
    """The stride that the decoder uses each feature map of the encoder for.

    Maps of a pyramid keep theirs. Others are resized to the deepest strides.
    """
    is_pyramid = all(stride == 2 ** (stride.bit_length() - 1) for stride in reductions)
    if is_pyramid and len(set(reductions)) == len(reductions):
        return list(reductions)
    return list(FLAT_STRIDES[-len(reductions) :])


def network_config(
    encoder: str, *, image_size: int, decoder_width: int, num_classes: int
) -> NetworkConfig:
    """The network for images of one size. Raises ConfigError if timm has no such encoder."""
    require_model(encoder, option="encoder")
    options: dict[str, Any] = {}
    if has_fixed_image_size(encoder):
        options["img_size"] = image_size
    info = _feature_info(encoder, options)
    reductions = info.reduction()
    if len(set(reductions)) == 1:
        depth = len(info.info)
        num_maps = len(FLAT_STRIDES)
        last_blocks = {max(0, depth * part // num_maps - 1) for part in range(1, num_maps + 1)}
        options["out_indices"] = sorted(last_blocks)
    elif reductions[0] == 1:
        options["out_indices"] = list(range(1, len(reductions)))
    return NetworkConfig(
        encoder=encoder, options=options, decoder_width=decoder_width, num_classes=num_classes
    )


def _feature_info(encoder: str, options: Mapping[str, Any]) -> Any:
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            model = timm.create_model(encoder, pretrained=False, features_only=True, **options)
    except Exception as error:  # networks raise errors of any type
        raise ConfigError(
            f"encoder: timm's {encoder} gives no feature maps for {options or 'any size'}: "
            f"{first_line(error)}. Choose another --encoder or --image-size."
        ) from error
    return model.feature_info


def build_network(config: NetworkConfig, *, seed: int) -> SegmentationNetwork:
    """The network with seeded weights. Raises ConfigError if its parts do not fit."""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return SegmentationNetwork(config)
    except Exception as error:
        raise ConfigError(
            f"encoder: timm's {config.encoder} cannot be the encoder of a U-Net: "
            f"{first_line(error)}. Choose another --encoder."
        ) from error


def check_network(config: NetworkConfig, *, image_size: int, num_samples: int) -> None:
    """Raise ConfigError unless the network maps images to one logit per class and pixel.

    `num_samples` are those that a batch normalisation spans. Shapes are computed without memory or
    time on the meta device. What fails there is tried with real tensors, because some operations of
    sound networks do not work on that device.
    """
    try:
        with torch.device("meta"):
            problem = _problem(SegmentationNetwork(config), image_size, num_samples)
    except Exception:  # noqa: BLE001, networks raise errors of any type, and the next try names it
        problem = "unknown"
    if not problem:
        return
    network = build_network(config, seed=0)
    try:
        real = _problem(network, image_size, min(num_samples, NUM_REAL_SAMPLES))
    except Exception as error:
        raise ConfigError(_refusal(config.encoder, image_size, first_line(error))) from error
    if real:
        raise ConfigError(_refusal(config.encoder, image_size, real))


def _problem(network: SegmentationNetwork, image_size: int, num_samples: int) -> str:
    """Why the output in training mode is not one logit per class and pixel; empty if it is."""
    with torch.no_grad():
        shape = network.train()(torch.zeros(num_samples, 3, image_size, image_size)).shape
    expected = [network.num_classes, image_size, image_size]
    if list(shape[1:]) == expected:
        return ""
    return f"it returns {list(shape[1:])} for an image instead of {expected}"


def _refusal(encoder: str, image_size: int, reason: str) -> str:
    return (
        f"encoder: {encoder} cannot be trained on images of {image_size} px: {reason}. Choose "
        "another --image-size, --batch-size or --encoder."
    )


def class_map(logits: Tensor, height: int, width: int) -> Tensor:
    """The most probable class of each pixel, uint8 [height, width], of logits [classes, h, w].

    The logits are interpolated to that size, one class at a time, because all at once would need
    gigabytes for a large image.
    """
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
        return logits.float()
    plane = logits[None, None].float()
    return F.interpolate(plane, [height, width], mode="bilinear", align_corners=False)[0, 0]
