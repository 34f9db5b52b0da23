"""Makes small image folders for tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("Fundus_Normal", "Fundus_RAO", "OCT_Normal")


def make_folder(
    root: Path,
    counts: Mapping[str, int] | None = None,
    *,
    classes: tuple[str, ...] = CLASSES,
    size: int = 40,
) -> Path:
    """An ImageFolder whose classes differ in hue, with `counts[split]` images per class."""
    random = np.random.default_rng(0)
    for split, count in (counts or {"train": 4, "val": 2, "test": 2}).items():
        for number, name in enumerate(classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 80, (size, size + 8, 3), dtype=np.uint8)
                pixels[..., number % 3] += 120
                Image.fromarray(pixels).save(folder / f"{index:03d}.jpg", quality=95)
    return root


def truncate(path: Path) -> Path:
    """Cut a file in half."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path
