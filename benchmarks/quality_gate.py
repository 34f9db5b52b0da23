"""Measures what the quality gate sends back of an image folder: originals, and degraded copies of them.

    .venv/bin/python -m benchmarks.quality_gate DATA [--split test] [--copies originals heavy moderate]

DATA has a folder for each split, with a folder of images for each class, whose name begins with Fundus
or OCT. The gate sees pixels only, as in the service without a model of the quality. Heavy blur is a
Gaussian with a standard deviation of 2 % of the short side, moderate blur one of 1 %.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.harness.results import print_table
from serving.diagnosis.modality import find_modality
from serving.diagnosis.pixels import shrink
from serving.diagnosis.quality import measured_quality
from serving.diagnosis.quality_measures import WORKING_SIDE_PX
from serving.images.image import Modality
from tracking_plugin.wilson_interval import wilson_interval

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
KINDS = {"fundus": Modality.FUNDUS, "oct": Modality.OCT}


def main() -> None:
    """Print the images that each gate sends back, by kind and copy."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path)
    options.add_argument("--split", default="test")
    options.add_argument("--copies", nargs="+", choices=COPIES, default=list(COPIES))
    arguments = options.parse_args()
    rows: list[list[str]] = []
    times: list[float] = []
    for copy in arguments.copies:
        rows += measured_rows(arguments.data / arguments.split, copy, COPIES[copy], times)
    print(f"{arguments.split} of {arguments.data.name}; 95 % Wilson intervals\n")
    print_table(("images", "kind", "n", "sent back: not gradable", "reasons", "other kind"), rows)
    print(f"modality and quality of an image: {statistics.median(times) * 1e3:.0f} ms (median)")


def measured_rows(
    folder: Path, copy: str, change: Callable[[Image.Image], Image.Image], times: list[float]
) -> list[list[str]]:
    """A row for each kind of image, and one for both."""
    back: dict[str, list[bool]] = {}
    other: dict[str, int] = {}
    reasons: dict[str, dict[str, int]] = {}
    for path in sorted(path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES):
        kind = path.parent.name.casefold().partition("_")[0]
        with Image.open(path) as image:
            pixels = np.asarray(change(image.convert("RGB")))
        begin = time.perf_counter()
        small = shrink(pixels, WORKING_SIDE_PX)
        modality = find_modality(small, None).modality
        quality = measured_quality(small, modality or Modality.FUNDUS)
        times.append(time.perf_counter() - begin)
        for name in (kind, "both"):
            back.setdefault(name, []).append(not quality.is_gradable)
            other[name] = other.get(name, 0) + (modality not in (KINDS[kind], None))
            counts = reasons.setdefault(name, {})
            for reason in quality.reasons:
                counts[reason] = counts.get(reason, 0) + 1
    return [
        [copy, name, str(len(claims)), share(claims), counted(reasons[name]), str(other[name])]
        for name, claims in back.items()
    ]


def blurred(fraction: float) -> Callable[[Image.Image], Image.Image]:
    def blur(image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(fraction * min(image.size)))

    return blur


def share(claims: list[bool]) -> str:
    low, high = wilson_interval(sum(claims), len(claims))
    return f"{sum(claims)} = {np.mean(claims):.1%} ({low:.1%} to {high:.1%})"


def counted(reasons: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(reasons.items()))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "originals": lambda image: image,
    "heavy": blurred(0.02),
    "moderate": blurred(0.01),
}


if __name__ == "__main__":
    main()
