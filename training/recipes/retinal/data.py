"""Finds the images of the retinal recipe and the taxonomy of their classes."""

from collections.abc import Sequence
from pathlib import Path

from training.config import Split
from training.data.image_folder import image_folder, list_images, training_classes
from training.data.listing import has_split
from training.recipes.classification.data import ClassifierData
from training.recipes.images.data import allowed_folders, list_compared_split
from training.recipes.retinal.config import RetinalConfig
from training.taxonomies.taxonomy import load_taxonomy, taxonomy_for_folders


def find_data(config: RetinalConfig, root: Path, splits: Sequence[Split]) -> ClassifierData:
    """List the images of `splits` under `root`, and find their taxonomy."""
    roots = allowed_folders()
    listings = {**list_images(root, list(dict.fromkeys([Split.TRAIN, *splits])), roots)}
    classes = training_classes(root, listings)
    taxonomy = (
        load_taxonomy(Path(config.taxonomy)) if config.taxonomy else taxonomy_for_folders(classes)
    )
    folder = image_folder(root, listings, splits, taxonomy.classes, classes)
    for split in set(Split) - listings.keys():
        if has_split(root, split):
            listings[split] = list_compared_split(root, split, roots)
    return ClassifierData(folder=folder, taxonomy=taxonomy, listings=listings)
