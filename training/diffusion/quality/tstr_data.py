"""Finds the synthetic and the real images of `tstr`, without copies of the images that are scored."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.config import Split
from training.data.duplicates import KnownImage, similar_pairs
from training.data.image_folder import ImageFolder, image_folder, list_images
from training.data.inspection import THUMBNAIL_SIZE
from training.diffusion.quality.tstr_config import TstrConfig
from training.errors import DataError
from training.process import Process
from training.recipes.classification.data import ClassifierData, verify_data
from training.recipes.images.data import allowed_folders
from training.recipes.images.patients import patient_groups
from training.recipes.retinal.data import find_data
from training.taxonomies.taxonomy import Taxonomy

logger = logging.getLogger(__name__)

_FLIPS = ((slice(None), slice(None, None, -1)), (slice(None, None, -1), slice(None)))
_TURNED = (slice(None, None, -1), slice(None, None, -1))


@dataclass(frozen=True, kw_only=True)
class TrainingImages:
    """The images of one classifier, without those in `num_copies`."""

    data: ClassifierData
    num_copies: int
    """Images that were left out, because they are copies of held-out ones or very much like them."""

    @property
    def num_images(self) -> int:
        return len(self.data.folder.splits[Split.TRAIN])


@dataclass(frozen=True, kw_only=True)
class TstrData:
    """What both classifiers are trained on, and the real test images with their taxonomy."""

    synthetic: TrainingImages
    real: TrainingImages
    test: ClassifierData
    test_patients: Tensor | None
    """Int64 [N]: the patient of each test image; None if they are not known."""
    num_of_test_patients: int
    """Real training images of patients who have test images, too; 0 if patients are not known."""


def find_tstr_data(config: TstrConfig, process: Process) -> TstrData:
    """List, verify and compare the images. Raises DataError if the sets do not fit together."""
    settings = config.classifier()
    roots = Path(config.synthetic), Path(config.real)
    found = find_data(settings, roots[1], (Split.TRAIN, Split.TEST))
    real = verify_data(found, settings, process)
    made = verify_data(_synthetic(roots[0], real.taxonomy), settings, process)
    scored = [image for image in real.images if image.split is Split.TEST]
    exact = len(real.learnt_copies)
    trained = _without_copies(real, scored, "real", already_left_out=exact)
    patients, num_shared = _patients(trained.data, real, config.patient_pattern)
    return TstrData(
        synthetic=_without_copies(made, scored, "synthetic"),
        real=trained,
        test=replace(real, folder=_only(real.folder, Split.TEST)),
        test_patients=patients,
        num_of_test_patients=num_shared,
    )


def _patients(
    trained: ClassifierData, scored: ClassifierData, pattern: str
) -> tuple[Tensor | None, int]:
    """The patients of the test images, and how many training images are of the same ones."""
    train = trained.folder.splits[Split.TRAIN].paths
    groups = patient_groups((*train, *scored.folder.splits[Split.TEST].paths), pattern)
    if groups is None:
        return None, 0
    of_train, of_test = groups[: len(train)], groups[len(train) :]
    num_shared = int(torch.isin(of_train, of_test).sum())
    if num_shared:
        logger.warning(
            "%d real training images are of patients who have test images, too: this makes the "
            "line to beat better than it should be.",
            num_shared,
        )
    return torch.unique(of_test, return_inverse=True)[1], num_shared


def _synthetic(root: Path, taxonomy: Taxonomy) -> ClassifierData:
    listings = list_images(root, [Split.TRAIN], allowed_folders())
    present, expected = set(listings[Split.TRAIN].images), set(taxonomy.classes)
    if present != expected:
        missing, unknown = sorted(expected - present), sorted(present - expected)
        parts = [
            f"{words} {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"
            for words, names in (("it lacks", missing), ("only it has", unknown))
            if names
        ]
        raise DataError(
            "Expected synthetic images of the same classes as the real ones, but "
            f"{'; '.join(parts)}. Generate images of every class, or remove the folders of the "
            "others from both sets."
        )
    classes = taxonomy.classes
    folder = image_folder(root, listings, [Split.TRAIN], classes, classes)
    return ClassifierData(folder=folder, taxonomy=taxonomy, listings=listings)


def _without_copies(
    data: ClassifierData, scored: Sequence[KnownImage], name: str, *, already_left_out: int = 0
) -> TrainingImages:
    trained = [image for image in data.images if image.split is Split.TRAIN]
    copies = copies_of(trained, scored)
    folder = _only(data.folder, Split.TRAIN)
    kept = folder.splits[Split.TRAIN].without(copies)
    if set(kept.targets) != set(folder.splits[Split.TRAIN].targets):
        raise DataError(
            f"Every {name} image of a class is a copy of a real test image, so that nothing is left "
            "to train on. Generate images with a model that has not seen the test images."
        )
    num_copies = len(copies) + already_left_out
    if num_copies:
        logger.warning(
            "%d %s images are left out, because they are copies of real images that are held out.",
            num_copies,
            name,
        )
    return TrainingImages(
        data=replace(data, folder=replace(folder, splits={Split.TRAIN: kept})),
        num_copies=num_copies,
    )


def copies_of(images: Sequence[KnownImage], scored: Sequence[KnownImage]) -> frozenset[str]:
    """The paths of `images` with the pixels of a scored one, or very much like it, also mirrored."""
    digests = {image.facts.digest for image in scored}
    found = {image.facts.path for image in images if image.facts.digest in digests}
    marked = [_marked(image, Split.TRAIN, number) for number, image in enumerate(scored)]
    asked = [view for image in images for view in _mirrored(image)]
    originals = {id(image) for image in marked}
    for first, second in similar_pairs([*marked, *asked]):
        if (id(first) in originals) != (id(second) in originals):
            found.add((second if id(first) in originals else first).facts.path)
    return frozenset(found)


def _mirrored(image: KnownImage) -> Iterable[KnownImage]:
    width, height = THUMBNAIL_SIZE
    pixels = np.frombuffer(image.facts.thumbnail, np.uint8).reshape(height, width)
    for number, flip in enumerate(((slice(None), slice(None)), *_FLIPS, _TURNED)):
        # Equal pixels are one image for `similar_pairs`, and are found above.
        facts = replace(
            image.facts,
            thumbnail=np.ascontiguousarray(pixels[flip]).tobytes(),
            digest=b"%d " % number + image.facts.digest,
        )
        yield replace(image, facts=facts)


def _marked(image: KnownImage, split: Split, number: int) -> KnownImage:
    facts = replace(image.facts, digest=b"scored %d " % number + image.facts.digest)
    return replace(image, split=split, facts=facts)


def _only(folder: ImageFolder, split: Split) -> ImageFolder:
    return replace(folder, splits={split: folder.splits[split]})
