"""Describes a trained segmentation model for MLflow's model registry."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.recipe import PackagedModel
from training.recipes.segmentation.network import NetworkConfig

REGISTERED_CODE = Path(__file__).with_name("registered_segmenter.py")
REQUIREMENTS = (
    *("mlflow", "numpy", "pillow", "safetensors", "segmentation-models-pytorch", "timm", "torch"),
)
EXAMPLE_SIZE = 64


def package_segmenter(
    network: NetworkConfig, classes: Sequence[str], image_size: int
) -> PackagedModel:
    """The network, with the settings that its code needs to build it and to prepare images."""
    return PackagedModel(
        code=REGISTERED_CODE,
        settings={
            "recipe": "segmentation",
            "encoder": network.encoder,
            "options": dict(network.options),
            "decoder_width": network.decoder_width,
            "mask_classes": list(classes),
            "image_size": image_size,
        },
        input_example=_grey_ramp(),
        input_shape=(-1, -1, -1, 3),
        output_shape=(-1, -1, -1),
        output_type="uint8",
        requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
    )


def _grey_ramp() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An input example that shows no patient, [1, 64, 64, 3]."""
    ramp = np.linspace(0, 255, EXAMPLE_SIZE).astype(np.uint8)
    return np.broadcast_to(ramp[None, None, :, None], (1, EXAMPLE_SIZE, EXAMPLE_SIZE, 3)).copy()
