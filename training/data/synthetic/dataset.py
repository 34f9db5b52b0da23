"""The drawn demonstration set: an ImageFolder that anyone may see, made on the spot."""

import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from filelock import FileLock
from pydantic import Field

from training.config import FrozenConfig, Split
from training.data.synthetic.pictures import (
    DESCRIPTION,
    DRAWABLE_CLASSES,
    draw_picture,
    save_picture,
)
from training.errors import DataError
from training.taxonomies.taxonomy import Taxonomy

MANIFEST = "drawn.json"
README = "README.txt"

_README_TEXT = f"""{DESCRIPTION}.

A program drew every picture in this folder so that training can be tried without patient data.
They show one simplified sign for each class and teach nothing about real eyes: never judge a
model for clinical use by them. The folder may be deleted at any time; it is drawn again when
needed. Keep no files of your own here: a set with other parameters replaces the whole folder.
"""


class DrawnSet(FrozenConfig):
    """The parameters that settle every byte of a set; they are its manifest."""

    description: str = DESCRIPTION
    # Raised when the pictures change, so that sets drawn earlier are drawn anew.
    style: Literal[1] = 1
    classes: tuple[str, ...]
    images_per_class: dict[Split, Annotated[int, Field(ge=1)]] = Field(min_length=1)
    image_size: int = Field(ge=32, le=1024)
    seed: int = Field(ge=0)


def draw_dataset(
    root: Path,
    *,
    taxonomy: Taxonomy,
    images_per_class: Mapping[str, int],
    image_size: int,
    seed: int,
) -> Path:
    """Make `root` an ImageFolder `train|val|test/<class>/*.jpg` of drawn pictures; return it.

    Equal arguments give equal files. A whole set with the same parameters is reused, any other
    drawn set is replaced, and a folder with other contents is refused. The set appears at once
    when it is whole, and processes that ask for it together wait for the first to draw it.

    Args:
        root: The folder to make; its parents are made too.
        taxonomy: Its classes are drawn; all must be among the 28 CAASI classes.
        images_per_class: Number of pictures of each class by split.
        image_size: Height and width in pixels, 32 to 1024.
        seed: 0 or more; a picture also depends on its split, class and number.

    Raises:
        ConfigError: A parameter is out of range.
        DataError: A class cannot be drawn, or the folder cannot be made.
    """
    wanted = _wanted_set(taxonomy, images_per_class, image_size, seed)
    folder = root.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_sibling(folder, "lock")):
            if not _is_whole(folder, wanted):
                _refuse_foreign(folder)
                _replace(folder, wanted)
    except OSError as error:
        raise DataError(
            f"Expected to draw the demonstration set into {folder}, but that failed: {error}. "
            "Free some space there, or name a folder that can be written to."
        ) from error
    return root


def _wanted_set(
    taxonomy: Taxonomy, images_per_class: Mapping[str, int], image_size: int, seed: int
) -> DrawnSet:
    unknown = [name for name in taxonomy.classes if name not in DRAWABLE_CLASSES]
    if unknown:
        raise DataError(
            f"Expected classes of caasi_v6_1, which are all that can be drawn, but got {unknown}."
        )
    return DrawnSet.parse(
        {
            "classes": taxonomy.classes,
            "images_per_class": dict(images_per_class),
            "image_size": image_size,
            "seed": seed,
        }
    )


def _is_whole(folder: Path, wanted: DrawnSet) -> bool:
    """Whether the folder holds every file of the set."""
    try:
        found = DrawnSet.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return found == wanted and all((folder / path).is_file() for path, _ in _pictures(wanted))


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise DataError(
            f"Expected {folder} to be free for the demonstration set, but it holds other files; "
            "name another folder, or give this one as the data set."
        )


def _replace(folder: Path, wanted: DrawnSet) -> None:
    # The lock is ours, so whatever lies under these names was left by a process that was killed.
    unfinished, outdated = _sibling(folder, "drawing"), _sibling(folder, "outdated")
    for leftover in (unfinished, outdated):
        shutil.rmtree(leftover, ignore_errors=True)
    _draw(unfinished, wanted)
    if folder.exists():
        folder.rename(outdated)
    unfinished.rename(folder)
    shutil.rmtree(outdated, ignore_errors=True)


def _sibling(folder: Path, purpose: str) -> Path:
    return folder.with_name(f".{folder.name}.{purpose}")


def _draw(folder: Path, wanted: DrawnSet) -> None:
    for path, entropy in _pictures(wanted):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(entropy)
        save_picture(draw_picture(target.parent.name, wanted.image_size, rng), target)
    (folder / README).write_text(_README_TEXT, encoding="utf-8")
    manifest = wanted.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")


def _pictures(wanted: DrawnSet) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """The relative path of each picture, and the numbers from which alone it is drawn."""
    for split, count in wanted.images_per_class.items():
        for class_name in wanted.classes:
            for number in range(count):
                # A class keeps its pictures in any taxonomy, hence its name and not its index.
                place = (list(Split).index(split), zlib.crc32(class_name.encode()), number)
                yield Path(split, class_name, f"{number:04d}.jpg"), (wanted.seed, *place)
