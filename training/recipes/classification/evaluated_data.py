"""Finds the images that an evaluation scores, and those of the run that its temperature is fitted on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from training.config import Split
from training.data.image_folder import ImageFolder, image_folder, list_images
from training.data.listing import composed_class
from training.errors import DataError
from training.process import Process
from training.recipes.classification.config import ClassifierConfig, ClassifierEvaluateConfig
from training.recipes.classification.data import ClassifierData, content_digest, verify_data
from training.recipes.images.data import allowed_folders, data_root, is_own_root
from training.recipes.images.evaluation_names import foreign_name
from training.taxonomies.taxonomy import Modality, Taxonomy


@dataclass(frozen=True, kw_only=True)
class EvaluatedData:
    """A verified split. `foreign_name` is empty for the data set that the run was trained on."""

    data: ClassifierData
    split: Split
    digest: str
    """A hash of the content of the whole split, whichever modality is scored."""
    foreign_name: str = ""

    @property
    def folder(self) -> ImageFolder:
        return self.data.folder

    @property
    def is_held_out(self) -> bool:
        """Whether the images are not among those that the model was trained on and chosen with."""
        return bool(self.foreign_name) or self.split is Split.TEST


ReadSplit = Callable[[ClassifierConfig, Path, Split, Taxonomy, Process], ClassifierData]
"""Reads one split of a data set, as `read_split` does."""


def scored_data(
    config: ClassifierConfig,
    options: ClassifierEvaluateConfig,
    taxonomy: Taxonomy,
    modality: Modality | None,
    data_dir: Path,
    process: Process,
    read: ReadSplit,
) -> EvaluatedData:
    """The images to score: only the split of the options is read, whatever else the data set has.

    Raises DataError if it is empty or damaged, or has classes that the run was not trained on.
    """
    root = data_root(options.data or config.data, data_dir)
    data = read(config, root, options.split, taxonomy, process)
    is_own = is_own_root(root, config.data, data_dir)
    digest = content_digest(data)
    return EvaluatedData(
        data=_only(data, options.split, modality),
        split=options.split,
        digest=digest,
        foreign_name="" if is_own else foreign_name(root, digest),
    )


def calibration_data(
    config: ClassifierConfig,
    taxonomy: Taxonomy,
    modality: Modality | None,
    data_dir: Path,
    process: Process,
    read: ReadSplit,
) -> ClassifierData:
    """The run's own validation images, which no evaluation may replace by others.

    Raises DataError if they are not there any more, or cannot be used.
    """
    data = read(config, data_root(config.data, data_dir), Split.VAL, taxonomy, process)
    return _only(data, Split.VAL, modality)


def num_skipped(scored: EvaluatedData, modality: Modality | None) -> int:
    """The images of the modality that are left out because they cannot be read."""
    if modality is None:
        return len(scored.data.skipped_images)
    taxonomy = scored.data.taxonomy
    modality_of = dict(zip(taxonomy.classes, taxonomy.modalities, strict=True))
    classes = (composed_class(path) for path in scored.data.skipped_images)
    return sum(modality is modality_of[name] for name in classes)


def read_split(
    config: ClassifierConfig, root: Path, split: Split, taxonomy: Taxonomy, process: Process
) -> ClassifierData:
    """The verified images of a split whose folders are classes of the taxonomy.

    Raises DataError if a folder is none of them.
    """
    listings = list_images(root, [split], allowed_folders())
    if unknown := sorted(set(listings[split].images) - set(taxonomy.classes)):
        raise DataError(
            f"The split {split} of {root} has classes that the run was not trained on: "
            f"{', '.join(unknown)}. The run knows {', '.join(taxonomy.classes)}. Rename or remove "
            "the other folders."
        )
    folder = image_folder(root, listings, [split], taxonomy.classes, taxonomy.classes)
    found = ClassifierData(folder=folder, taxonomy=taxonomy, listings=listings)
    return verify_data(found, config, process)


def _only(data: ClassifierData, split: Split, modality: Modality | None) -> ClassifierData:
    """The images of one modality, or all without one."""
    if modality is None:
        return data
    images, modalities = data.folder.splits[split], data.taxonomy.modalities
    pairs = list(zip(images.paths, images.targets, strict=True))
    others = {path for path, target in pairs if modalities[target] is not modality}
    if len(others) == len(pairs):
        raise DataError(
            f"The split {split} of {data.folder.root} has no image of the modality {modality}. "
            "Choose another modality."
        )
    return replace(data, folder=data.folder.without(others))
