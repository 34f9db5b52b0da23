"""Prepares an image for a network as the training's evaluation does, and puts a map back into its frame."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from serving.engine.protocol import Array
from serving.explanation.area import seen_area
from serving.images.image import Pixels
from training.data.decode import square_tensor
from training.data.framing import Framing

MAX_MAP_SIDE = 2048
"""Longest side of a map in the frame of a long image."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a model wants its images: framed to `decode_size`, then cropped or scaled to `image_size`."""

    image_size: int
    decode_size: int
    framing: Framing

    def prepare(self, image: Pixels) -> Array:
        """RGB uint8 [H, W, 3] as uint8 [3, S, S] with S = decode_size."""
        square = square_tensor(Image.fromarray(image), self.decode_size, self.framing)
        prepared: Array = square.numpy()
        return prepared

    def in_frame(self, values: Array, height: int, width: int) -> Array:
        """A map [h, w] of what the network saw as a map of the whole image of the given size.

        Zero where the network did not see: with the framing `crop`, that is all but a square.
        """
        if self.framing is Framing.STRETCH:
            return values
        seen = seen_area(
            height,
            width,
            framing=self.framing,
            decode_size=self.decode_size,
            image_size=self.image_size,
        )
        side = (seen.right - seen.left) * width
        scale = min(max(values.shape) / side, MAX_MAP_SIDE / max(height, width))
        size = max(1, round(side * scale))
        shape = max(size, round(height * scale)), max(size, round(width * scale))
        frame = np.zeros(shape, np.float32)
        row = min(round(seen.top * shape[0]), shape[0] - size)
        column = min(round(seen.left * shape[1]), shape[1] - size)
        frame[row : row + size, column : column + size] = _resized(values, size)
        return frame


def _resized(values: Array, size: int) -> Array:
    image = Image.fromarray(values.astype(np.float32))
    resized: Array = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    return np.maximum(resized, 0)
