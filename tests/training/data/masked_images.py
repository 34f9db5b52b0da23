"""Makes small folders of images with masks for tests: bright squares on noise."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from training.data.mask_folder import mask_path, write_mask_classes

MASK_CLASSES = ("Background", "Square", "Bar")


def make_masked_folder(
    root: Path, counts: Mapping[str, int] | None = None, *, size: int = 40
) -> Path:
    """Two folders of images in each split; those of `b` have a bar beside the square."""
    random = np.random.default_rng(0)
    for split, count in (counts or {"train": 4, "val": 2, "test": 2}).items():
        for folder in ("a", "b"):
            for index in range(count):
                path = f"{split}/{folder}/{index:03d}.png"
                pixels = random.integers(0, 60, (size, size + 8, 3), dtype=np.uint8)
                mask = np.zeros(pixels.shape[:2], np.uint8)
                top, left = random.integers(0, size // 2, 2)
                mask[top : top + size // 3, left : left + size // 3] = 1
                if folder == "b":
                    mask[:, -6:] = 2
                pixels[mask == 1] += np.asarray([150, 0, 0], np.uint8)
                pixels[mask == 2] += np.asarray([0, 150, 0], np.uint8)
                save(root, path, pixels, mask)
    write_mask_classes(root, MASK_CLASSES)
    return root


def save(root: Path, path: str, pixels: np.ndarray, mask: np.ndarray) -> None:
    for target, content in ((root / path, pixels), (root / mask_path(path), mask)):
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(target)
