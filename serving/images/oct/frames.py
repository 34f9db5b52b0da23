"""Makes RGB frames of the grey levels of OCT files."""

from typing import Any

import numpy as np

from serving.images.image import Laterality, Pixels

Grey = np.ndarray[Any, np.dtype[np.uint8]]

_EYES = {"OD": Laterality.RIGHT, "R": Laterality.RIGHT, "OS": Laterality.LEFT, "L": Laterality.LEFT}


def rgb_of_grey(grey: Grey) -> Pixels:
    """uint8 [H, W] as RGB, uint8 [H, W, 3]."""
    return np.repeat(grey[:, :, None], 3, axis=2)


def laterality_of(code: str) -> Laterality | None:
    """The laterality that OD, R, OS or L stands for."""
    return _EYES.get(code.strip("\x00 ").upper())
