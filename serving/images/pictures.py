"""Reads PNG, JPEG, TIFF, WebP and other pictures with the same code as the training does."""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from serving.images.limits import DecodeLimits, require_size
from serving.images.opened_file import OpenedFile
from serving.images.refusal import unreadable, unsupported
from training.data.colours import UnsuitablePixelsError, to_rgb
from training.data.orientation import upright

# The formats whose files the training reads. Pillow opens MPO, a JPEG with a preview, as a JPEG.
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000")
_NAMES = {"WEBP": "WebP", "MPO": "JPEG", "DIB": "BMP", "JPEG2000": "JPEG 2000"}


def open_picture(content: bytes, limits: DecodeLimits) -> OpenedFile:
    """The first page of the picture, upright, in RGB; transparency is dropped.

    Raises Refusal.
    """
    # Sizes are checked here, against the limits of the service.
    Image.MAX_IMAGE_PIXELS = None
    load_formats()
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:
        raise unreadable("This picture is damaged or cut off. Send the file again.") from None
    with image:
        require_size(height=image.height, width=image.width, num_frames=1, limits=limits)
        notes = _page_notes(image)
        try:
            rgb = upright(to_rgb(image, content), image)
        except UnsuitablePixelsError as error:
            raise unsupported(f"This picture has {error}.") from None
        except OSError:
            raise unreadable("This picture is damaged or cut off. Send the file again.") from None
        name = image.format or ""
    return OpenedFile(
        format=_NAMES.get(name, name), frames=iter([np.asarray(rgb, np.uint8)]), notes=notes
    )


def load_formats() -> None:
    """Load Pillow's readers, which takes a moment the first time."""
    Image.init()


def _page_notes(image: Image.Image) -> list[str]:
    num_pages = getattr(image, "n_frames", 1)
    image.seek(0)
    # The second picture of an MPO file is a preview of the first.
    if num_pages > 1 and image.format != "MPO":
        return [f"the file has {num_pages} pages: only the first is read"]
    return []
