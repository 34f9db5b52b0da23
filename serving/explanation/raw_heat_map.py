"""Makes the raw heat map of an image for the engine: the map, what it covers, and how it was made."""

import importlib.metadata

import numpy as np
from torch import Tensor, nn

from serving.engine.protocol import RawHeatMap
from serving.explanation.area import WHOLE, Area
from serving.explanation.grad_cam import class_map
from serving.explanation.target_layer import NoMapError


def raw_heat_map(
    network: nn.Module, prepared: Tensor, class_index: int, seen: Area = WHOLE
) -> RawHeatMap:
    """The Grad-CAM map of `prepared` [1, 3, S, S] for a class, under the caller's lock.

    `seen` is the part of the image shown that `prepared` was made from; see `seen_area`. A network
    that has no map gives one without values, whose method is the reason.
    """
    try:
        found = class_map(network, prepared, class_index)
    except NoMapError as error:
        return RawHeatMap(values=np.zeros((0, 0), np.float32), method=str(error), seen=seen)
    return RawHeatMap(
        values=found.values,
        method=f"Grad-CAM (grad-cam {_version()}, {found.layer})",
        seen=seen,
        reference=found.reference,
    )


def _version() -> str:
    return importlib.metadata.version("grad-cam")
