"""Writes the heat maps, masks and DICOM objects of a diagnosis into a folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from serving.v1 import diagnosis_pb2 as messages


def save_pictures(
    diagnosis: messages.Diagnosis, names: Sequence[str], folder: Path, *, first_number: int = 1
) -> tuple[Path, ...]:
    """The written files, which begin with the number and the name of the image.

    `names` are those of the images of this diagnosis, which are numbered from `first_number` on.
    A file of the same name is replaced. Raises OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for image in diagnosis.images:
        for name, content in _pictures(image):
            number = first_number + image.file
            path = folder / f"{number}-{Path(names[image.file]).stem}-{_safe(name)}"
            path.write_bytes(content)
            written.append(path)
    return tuple(written)


def _pictures(image: messages.ImageDiagnosis) -> Iterator[tuple[str, bytes]]:
    if image.heat_map.overlay_png:
        yield "heat-map.png", image.heat_map.overlay_png
    for mask in image.masks:
        yield f"mask-{mask.class_name}.png", mask.png
    for made in image.dicom_objects:
        yield f"{made.kind}.dcm", made.content


def _safe(name: str) -> str:
    """A model may give its classes any names."""
    return re.sub(r"[^\w.-]", "_", name)[:100]
