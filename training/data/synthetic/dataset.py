"""Generates the synthetic demonstration set: an ImageFolder of drawn pictures, free of patient data.

Beside the pictures it has their masks, in the layout that mask_folder.py describes.
"""

import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from filelock import FileLock
from pydantic import Field

from training.config import FrozenConfig, Split
from training.data.mask_folder import CLASSES_FILE, MASKS, mask_path, write_mask_classes
from training.data.synthetic.pictures import (
    DESCRIPTION,
    DRAWABLE_CLASSES,
    draw,
    save_mask,
    save_picture,
)
from training.data.synthetic.structures import Structure
from training.errors import DataError
from training.taxonomies.taxonomy import Taxonomy

MANIFEST = "drawn.json"
README = "README.txt"

_README_TEXT = f"""{DESCRIPTION}.

A program drew all pictures in this folder, so that training can be tried without patient data.
Each picture shows one simplified sign of its class; its mask in the folder {MASKS} says what each of
its pixels shows, by the names in {MASKS}/{CLASSES_FILE}. Results on these pictures say nothing about
real eyes: never use them to judge a model for clinical use. You may delete this folder at any
time; it is generated again when it is needed. Do not keep your own files here: generating a set
with other parameters replaces the whole folder.
"""


class SyntheticSet(FrozenConfig):
    """The parameters that determine every byte of a set's pictures; stored as its manifest."""

    description: str = DESCRIPTION
    # Increased when the pictures change, so that sets of an earlier style are replaced.
    style: Literal[1] = 1
    classes: tuple[str, ...]
    images_per_class: dict[Split, Annotated[int, Field(ge=1)]] = Field(min_length=1)
    image_size: int = Field(ge=32, le=1024)
    seed: int = Field(ge=0)


def generate_dataset(
    root: Path,
    *,
    taxonomy: Taxonomy,
    images_per_class: Mapping[str, int],
    image_size: int,
    seed: int,
) -> Path:
    """Make `root` an ImageFolder `train|val|test/<class>/*.jpg` of drawn pictures; return `root`.

    The masks are in `masks/train|val|test/<class>/*.png`.

    Equal arguments give equal files. A complete set with the same parameters is reused, any other
    synthetic set is replaced, and a folder with other contents is refused. The set is moved into
    place when it is complete. Of several processes that generate it at once, one does the work
    and the others wait for it.

    Args:
        root: The folder to create, with its parents.
        taxonomy: Its classes are drawn; all must be among the 28 CAASI classes.
        images_per_class: Number of pictures of each class by split.
        image_size: Height and width in pixels, 32 to 1024.
        seed: 0 or more; a picture also depends on its split, class and number.

    Raises:
        ConfigError: A parameter is out of range.
        DataError: A class cannot be drawn, or the folder cannot be created.
    """
    requested = _requested_set(taxonomy, images_per_class, image_size, seed)
    folder = root.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_sibling(folder, "lock")):
            if not _is_complete(folder, requested):
                _refuse_other_contents(folder)
                _replace(folder, requested)
    except OSError as error:
        raise DataError(
            f"The synthetic demonstration set could not be written to {folder}: {error}. "
            "Free some space there, or choose a folder that can be written to."
        ) from error
    return root


def _requested_set(
    taxonomy: Taxonomy, images_per_class: Mapping[str, int], image_size: int, seed: int
) -> SyntheticSet:
    unknown = [name for name in taxonomy.classes if name not in DRAWABLE_CLASSES]
    if unknown:
        raise DataError(
            f"The synthetic demonstration set has only the classes of caasi_v6_1, not {unknown}. "
            "Use classes of caasi_v6_1, or give a data set with the other classes."
        )
    return SyntheticSet.parse(
        {
            "classes": taxonomy.classes,
            "images_per_class": dict(images_per_class),
            "image_size": image_size,
            "seed": seed,
        }
    )


def _is_complete(folder: Path, requested: SyntheticSet) -> bool:
    """Whether `folder` contains this set with all its pictures."""
    try:
        found = SyntheticSet.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    pictures = [str(path) for path, _ in _pictures(requested)]
    files = [*pictures, *map(mask_path, pictures), f"{MASKS}/{CLASSES_FILE}"]
    return found == requested and all((folder / path).is_file() for path in files)


def _refuse_other_contents(folder: Path) -> None:
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise DataError(
            f"{folder} is reserved for the synthetic demonstration set, but it holds other files. "
            "Move them to another folder, or give this folder as the data set."
        )


def _replace(folder: Path, requested: SyntheticSet) -> None:
    # This process holds the lock, so files under these names were left by a killed process.
    unfinished, outdated = _sibling(folder, "drawing"), _sibling(folder, "outdated")
    for leftover in (unfinished, outdated):
        shutil.rmtree(leftover, ignore_errors=True)
    _write(unfinished, requested)
    if folder.exists():
        folder.rename(outdated)
    unfinished.rename(folder)
    shutil.rmtree(outdated, ignore_errors=True)


def _sibling(folder: Path, purpose: str) -> Path:
    return folder.with_name(f".{folder.name}.{purpose}")


def _write(folder: Path, requested: SyntheticSet) -> None:
    for path, entropy in _pictures(requested):
        target, mask_target = folder / path, folder / mask_path(str(path))
        for parent in (target.parent, mask_target.parent):
            parent.mkdir(parents=True, exist_ok=True)
        drawing = draw(path.parent.name, requested.image_size, np.random.default_rng(entropy))
        save_picture(drawing.picture, target)
        save_mask(drawing.mask, mask_target)
    write_mask_classes(folder, list(Structure))
    (folder / README).write_text(_README_TEXT, encoding="utf-8")
    manifest = requested.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")


def _pictures(requested: SyntheticSet) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Yield the relative path of each picture and the entropy that seeds its generator."""
    for split, count in requested.images_per_class.items():
        for class_name in requested.classes:
            for number in range(count):
                # The name and not the index, so that a class has the same pictures in any taxonomy.
                place = (list(Split).index(split), zlib.crc32(class_name.encode()), number)
                yield Path(split, class_name, f"{number:04d}.jpg"), (requested.seed, *place)
