"""Prepares an image for a network as the training's evaluation does."""

from dataclasses import dataclass

from PIL import Image

from serving.engine.protocol import Array
from serving.explanation.area import Area, seen_area
from serving.images.image import Pixels
from training.data.decode import square_tensor
from training.data.framing import Framing


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a model wants its images: framed to `decode_size`, then cropped or scaled to `image_size`."""

    image_size: int
    decode_size: int
    framing: Framing

    def prepare(self, image: Pixels) -> Array:
        """RGB uint8 [H, W, 3] as uint8 [3, S, S] with S = decode_size.

        The training decodes a JPEG of more than twice that size at a fraction of its size, so that
        the pixels of such a file differ slightly.
        """
        square = square_tensor(Image.fromarray(image), self.decode_size, self.framing)
        prepared: Array = square.numpy()
        return prepared

    def seen(self, image: Pixels) -> Area:
        """The part of the image that the network sees."""
        height, width = image.shape[:2]
        return seen_area(
            height,
            width,
            framing=self.framing,
            decode_size=self.decode_size,
            image_size=self.image_size,
        )
