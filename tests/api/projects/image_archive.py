"""A small archive of class folders with images."""

import io
import zipfile

from PIL import Image


def image_archive() -> bytes:
    """Ten small pictures of each of two classes, below a common folder, and a file that is none."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("eyes/readme.txt", "hello")
        for name in ("Normal", "RVO"):
            for number in range(10):
                picture = io.BytesIO()
                Image.new("RGB", (8, 8), (25 * number, 9, len(name))).save(picture, "PNG")
                file.writestr(f"eyes/{name}/{number}.png", picture.getvalue())
    return packed.getvalue()
