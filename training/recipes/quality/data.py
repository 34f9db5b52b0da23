"""Makes a data set of gradable images and degraded copies from the images of any folder."""

import os
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from training.config import Split
from training.data.framing import Framing
from training.data.image_batches import ImageDataset
from training.data.image_folder import ImageFolder, ImageSplit, image_folder, list_images
from training.process import Process
from training.recipes.classification.config import ClassifierConfig
from training.recipes.classification.data import ClassifierData, verify_data
from training.recipes.classification.prediction import InferenceTransform
from training.recipes.images.data import allowed_folders
from training.recipes.quality.classes import CLASSES, REASONS, quality_taxonomy
from training.recipes.quality.config import QualityConfig
from training.recipes.quality.degradation import degrade
from training.taxonomies.taxonomy import Taxonomy


class DegradedSplit(ImageDataset):
    """The images of a split, degraded as their targets say.

    A degraded copy depends on the seed, the path and the reason alone.
    """

    def __init__(
        self,
        root: Path,
        split: ImageSplit,
        *,
        size: int,
        framing: Framing,
        cached: bool,
        seed: int,
    ) -> None:
        super().__init__(root, split, size=size, framing=framing, cached=cached)
        self._seed = seed

    def _decode_image(self, index: int) -> Tensor:
        image, target = super()._decode_image(index), self._split.targets[index]
        if target == 0:
            return image
        path = zlib.crc32(os.fsencode(self._split.paths[index]))
        random = np.random.default_rng([self._seed, path, target])
        pixels = degrade(image.permute(1, 2, 0).numpy(), REASONS[target - 1], random)
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def find_images(root: Path, splits: Sequence[Split]) -> ClassifierData:
    """The images of the splits under `root`; their folders do not matter here.

    Raises DataError if a split is missing or empty.
    """
    listings = list_images(root, list(splits), allowed_folders())
    folders = sorted({name for listing in listings.values() for name in listing.images})
    folder = image_folder(root, listings, splits, folders, folders)
    return ClassifierData(folder=folder, taxonomy=quality_taxonomy(), listings=dict(listings))


def with_degraded_copies(data: ClassifierData, config: QualityConfig) -> ClassifierData:
    """Every image of verified data as it is, and degraded copies of it, in the classes of quality."""
    splits = {
        name: _with_copies(split, name, seed=config.seed, num_copies=config.degraded_copies)
        for name, split in data.folder.splits.items()
    }
    folder = ImageFolder(root=data.folder.root, classes=CLASSES, splits=splits)
    return replace(data, folder=folder)


def open_degraded_split(
    config: ClassifierConfig, data: ClassifierData, split: Split
) -> DegradedSplit:
    """The images of a split, decoded somewhat larger than the network's input, and degraded."""
    return DegradedSplit(
        data.folder.root,
        data.folder.splits[split],
        size=InferenceTransform.of(config).decode_size,
        framing=config.framing,
        cached=config.cache_images and config.loader_workers == 0,
        seed=config.seed,
    )


def read_degraded_split(
    config: ClassifierConfig, root: Path, split: Split, taxonomy: Taxonomy, process: Process
) -> ClassifierData:
    """The verified images of one split with their degraded copies."""
    found = verify_data(find_images(root, (split,)), config, process)
    return with_degraded_copies(replace(found, taxonomy=taxonomy), cast(QualityConfig, config))


def _with_copies(split: ImageSplit, name: Split, *, seed: int, num_copies: int) -> ImageSplit:
    """The reasons are equally frequent, and independent of the order of the files."""
    random = np.random.default_rng([seed, list(Split).index(name)])
    places = random.permutation(len(split))
    targets = [0] * len(split)
    for copy in range(num_copies):
        targets += [1 + (int(place) + copy) % len(REASONS) for place in places]
    return ImageSplit(paths=split.paths * (1 + num_copies), targets=tuple(targets))
