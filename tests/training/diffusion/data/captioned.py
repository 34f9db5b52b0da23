"""Makes small folders of captioned images for tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tests.training.ranks import lone_process
from tracking_plugin.data_roots import DataRoots
from training.diffusion.data.buckets import BucketRules
from training.diffusion.data.captioned_folder import (
    CaptionedFolder,
    CaptionRules,
    list_captioned,
)
from training.diffusion.data.scan import ScannedData, Strictness, scan_captioned

ANYWHERE = DataRoots(None)
RULES = BucketRules(resolution=64, multiple=8)


def picture(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Noise of a seed; no two look alike."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def write_images(root: Path, captions: Mapping[str, str | None]) -> Path:
    """An image of each path, with a caption beside it unless that is None."""
    for seed, (path, caption) in enumerate(captions.items()):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        picture(seed).save(target)
        if caption is not None:
            target.with_suffix(".txt").write_text(caption)
    return root


def listed(root: Path, **rules: object) -> CaptionedFolder:
    return list_captioned(root, CaptionRules(**rules), ANYWHERE)  # type: ignore[arg-type]


def scanned(root: Path, rules: BucketRules = RULES, **strictness: bool) -> ScannedData:
    return scan_captioned(listed(root), rules, Strictness(**strictness), lone_process())
