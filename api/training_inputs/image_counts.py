"""Counts the images and the captions of a folder."""

from dataclasses import dataclass
from pathlib import Path

from api.training_inputs.folder_files import WalkLimits, folders_of_files
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.image_names import CAPTION_SUFFIXES, IMAGE_SUFFIXES


@dataclass(frozen=True, kw_only=True)
class ImageCounts:
    """Numbers of files; a caption belongs to the image of its folder that has the same name."""

    num_images: int
    num_captions: int
    """Images that have a caption."""
    num_unmatched_captions: int
    """Files that could be captions, without an image."""


def count_images(root: Path, roots: DataRoots, limits: WalkLimits) -> ImageCounts:
    """Raises UncountedError if the folder is not read to its end: then no number would be true."""
    num_images = num_captions = num_unmatched = 0
    for files in folders_of_files(root, roots, limits):
        names = [Path(entry.name) for entry in files]
        images = [name.stem for name in names if name.suffix.lower() in IMAGE_SUFFIXES]
        captions = [name.stem for name in names if name.suffix.lower() in CAPTION_SUFFIXES]
        captioned = set(captions)
        num_images += len(images)
        num_captions += sum(stem in captioned for stem in images)
        with_image = set(images)
        num_unmatched += sum(stem not in with_image for stem in captions)
    return ImageCounts(
        num_images=num_images,
        num_captions=num_captions,
        num_unmatched_captions=num_unmatched,
    )
