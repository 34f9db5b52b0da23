"""Assesses a generator by its images: their distances to real ones, and whether they are copies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tracking_plugin.names import GENERATED_QUALITY_PREFIX
from training.data.decode import read_image
from training.diffusion.quality.alignment import thumbnails
from training.diffusion.quality.closeness import ComparedImages, compared_images
from training.diffusion.quality.distances import distances
from training.diffusion.quality.features import Encoder, Picture, encode
from training.diffusion.quality.memorisation import check_memorisation, shared_patients
from training.diffusion.quality.schema import Distance, Memorisation, Result

LEAST_SIDE_PX = 512
"""Larger files may be decoded at a fraction of their size, but not below this."""


class PictureFiles(Sequence[Picture]):
    """Images of a data set that are read when they are asked for. Raises UnreadableImageError."""

    def __init__(self, root: Path, paths: Sequence[str]) -> None:
        self._root = root
        self._paths = paths

    @overload
    def __getitem__(self, index: int) -> Picture: ...

    @overload
    def __getitem__(self, index: slice) -> "PictureFiles": ...

    def __getitem__(self, index: int | slice) -> "Picture | PictureFiles":
        if isinstance(index, slice):
            return PictureFiles(self._root, self._paths[index])
        return np.asarray(read_image(self._root, self._paths[index], LEAST_SIDE_PX).rgb)

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Picture]:
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True, kw_only=True)
class RealImages:
    """Real images, and the patient of each, which may be any label; None if they are not known."""

    pictures: Sequence[Picture]
    patients: NDArray[Any] | None = None


class Assessment(Result):
    """What is known of a generator."""

    distances: tuple[Distance, ...]
    memorisation: Memorisation

    def metrics(self) -> dict[str, float]:
        """The figures by their MLflow names, unknown ones left out."""
        figures: dict[str, float | None] = {}
        for distance in self.distances:
            figures[distance.name] = distance.value.value
            figures[f"{distance.name}_floor"] = distance.floor.value
        flagged = self.memorisation.flagged
        if flagged is not None:
            figures["flagged_share"] = flagged.share
            figures["copies"] = float(self.memorisation.num_copies)
        return {
            f"{GENERATED_QUALITY_PREFIX}{name}": value
            for name, value in figures.items()
            if value is not None
        }


def assess(
    generated: Sequence[Picture],
    train: RealImages,
    held_out: RealImages,
    encoder: Encoder,
    *,
    seed: int = 0,
) -> Assessment:
    """Compare generated images with held-out ones by distance, and with both sets for copies.

    A generator that copies its training images would be close to these. Raises DataError if a set is
    empty or its patients do not fit.
    """
    features = encode(encoder, generated), encode(encoder, held_out.pictures)
    found = distances(
        features[1], features[0], encoder.identity, patients=held_out.patients, floor_seed=seed
    )

    def compared(
        pictures: Sequence[Picture], patients: NDArray[Any] | None, of: str
    ) -> ComparedImages:
        mirrored = encode(encoder, pictures, mirrored=True)
        return compared_images(mirrored, thumbnails(pictures), patients, of=of)

    memorisation = check_memorisation(
        compared(generated, None, "generated images"),
        compared(train.pictures, train.patients, "training images"),
        compared(held_out.pictures, held_out.patients, "held-out images"),
        encoder.identity,
        shared_patients=shared_patients(train.patients, held_out.patients),
        seed=seed,
    )
    return Assessment(distances=found, memorisation=memorisation)
