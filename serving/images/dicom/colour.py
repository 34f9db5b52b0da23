"""Shows the colours of a DICOM frame as 8-bit RGB."""

import numpy as np
from pydicom.pixels.processing import convert_color_space

from serving.images.dicom.stored import Frame
from serving.images.image import Pixels
from serving.images.refusal import unsupported


def rgb_of_colours(frame: Frame, photometric: str, bits_stored: int) -> Pixels:
    """RGB, uint8 [H, W, 3], of samples [H, W, 3] in RGB, YBR_FULL or YBR_FULL_422."""
    samples = _eight_bits(frame, bits_stored)
    if photometric == "RGB":
        return samples
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        return np.asarray(convert_color_space(samples, "YBR_FULL", "RGB"), np.uint8)
    raise unsupported("Colours of JPEG 2000 in another compression are not supported.")


def _eight_bits(frame: Frame, bits_stored: int) -> Pixels:
    if frame.dtype == np.uint8 and bits_stored >= 8:
        return frame
    white = 2.0 ** min(bits_stored, 8 * frame.dtype.itemsize) - 1
    shown = np.rint(frame.astype(np.float32) * (255 / white))
    return np.asarray(shown.clip(0, 255), np.uint8)
