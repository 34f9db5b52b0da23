"""The data report before the first step: the fate of each file, each image's bucket, the exact steps.

The report is an artifact of the run, so it names images by number and by the beginning of the digest of
their file. Names of files may name patients: they are in a file that only its owner can read, beside
the cache.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tracking_plugin.private_files import make_private_folder, open_private
from training.data.decode import printable_path
from training.data.listing import LeftOutReason
from training.data.orientation import UPRIGHT
from training.data.scan_report import named_ending
from training.diffusion.data.fates import Fate
from training.diffusion.data.order import StepPlan
from training.diffusion.data.scan import ScannedData, TrainingImage
from training.errors import DataError

ARTIFACT = "data/report.json"
MAX_LISTED_IMAGES = 20_000
MAX_LISTED_MODES = 20
_SHOWN_BUCKETS = 12

CountTokens = Callable[[str], tuple[int, str]]
"""The number of tokens of a caption, and the part of it that the encoders do not read."""


def data_report(data: ScannedData, plan: StepPlan, count_tokens: CountTokens) -> dict[str, Any]:
    """The report as plain JSON; `plan` is of `data`."""
    tokens = _tokens(data, count_tokens)
    return {
        "files": _fates(data),
        "captions": _captions(data, tokens),
        "images": _images(data),
        "copies": {
            "groups": len(data.groups),
            "images_that_are_copies": sum(len(group) - 1 for group in data.groups),
            "groups_with_different_captions": sum(
                len({data.images[number].listed.caption for number in group}) > 1
                for group in data.groups
            ),
            "similar_pairs": len(data.similar),
        },
        "steps": {
            "images": plan.num_images,
            "samples_per_epoch": plan.samples_per_epoch,
            "samples_per_step": plan.samples_per_step,
            "steps_per_epoch": plan.steps_per_epoch,
            "total_steps": plan.total_steps,
            "images_never_seen": plan.num_never_seen,
            "buckets_smaller_than_a_step": plan.num_repeating_buckets,
        },
        "buckets": [
            {**asdict(bucket.bucket), **{k: v for k, v in asdict(bucket).items() if k != "bucket"}}
            for bucket in plan.buckets
        ],
        "list": _listed(data, tokens),
        "num_not_listed": max(0, len(data.images) - MAX_LISTED_IMAGES),
    }


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """The report as lines for a terminal."""
    steps, captions = report["steps"], report["captions"]
    lines = [
        f"Images: {steps['images']:,}, with repeats {steps['samples_per_epoch']:,} samples an epoch.",
        (
            f"Steps: {steps['total_steps']:,}, {steps['steps_per_epoch']:,} an epoch, "
            f"{steps['samples_per_step']:,} samples each."
        ),
        (
            f"Captions: {captions['beside']:,} beside the image, {captions['in_metadata']:,} in "
            f"metadata.jsonl, {captions['fixed']:,} fixed, {captions['empty']:,} empty, "
            f"{captions['missing']:,} missing."
        ),
    ]
    if captions["truncated"]:
        lines.append(
            f"Captions that are longer than the encoders read: {captions['truncated']:,}; the longest "
            f"has {captions['most_tokens']:,} tokens."
        )
    lines += _step_warnings(steps)
    lines += [f"{count:,} x {fate}." for fate, count in report["files"]["left_out"].items()]
    return [*lines, *_image_lines(report), *_bucket_lines(report["buckets"])]


def write_names(path: Path, data: ScannedData, count_tokens: CountTokens) -> None:
    """Write which file each image of the report is, and the other files, for the owner alone.

    Raises DataError if the file cannot be written.
    """
    content = {
        "images": [
            {
                "number": number,
                "name": image.name,
                "path": printable_path(image.listed.path),
                "not_read_of_its_caption": count_tokens(image.listed.caption)[1],
            }
            for number, image in enumerate(data.images)
        ],
        "others": [
            {"path": printable_path(item.path), "fate": str(item.fate), "reason": item.reason}
            for item in data.others
        ],
        "copies": data.groups,
        "similar_pairs": data.similar,
    }
    try:
        make_private_folder(path.parent)
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
    except OSError as error:
        raise DataError(
            f"The names of the images cannot be written to {path}: {error.strerror or error}."
        ) from None


def _tokens(data: ScannedData, count_tokens: CountTokens) -> list[tuple[int, bool]]:
    """The tokens of each image's caption, and whether it is truncated; equal captions are counted once."""
    known: dict[str, tuple[int, bool]] = {}
    for image in data.images:
        caption = image.listed.caption
        if caption not in known:
            count, rest = count_tokens(caption)
            known[caption] = count, bool(rest)
    return [known[image.listed.caption] for image in data.images]


def _fates(data: ScannedData) -> dict[str, Any]:
    used = Counter(str(image.listed.fate) for image in data.images)
    others = Counter(str(item.fate) for item in data.others if item.fate in _USED)
    left_out = Counter(str(item.fate) for item in data.others if item.fate not in _USED)
    endings = Counter(
        named_ending(item.path) for item in data.others if item.fate is LeftOutReason.OTHER_KIND
    )
    return {
        "used": dict(used + others),
        "left_out": dict(left_out),
        "endings_of_other_kinds": dict(endings),
    }


_USED = frozenset({Fate.CAPTION, Fate.METADATA, Fate.MASK})


def _captions(data: ScannedData, tokens: Sequence[tuple[int, bool]]) -> dict[str, int]:
    fates = Counter(image.listed.fate for image in data.images)
    others = Counter(item.fate for item in data.others)
    return {
        "beside": fates[Fate.MATCHED],
        "in_metadata": fates[Fate.LISTED],
        "fixed": fates[Fate.FIXED],
        "empty": fates[Fate.EMPTY],
        "missing": others[Fate.NO_CAPTION],
        "unreadable": others[Fate.BAD_CAPTION],
        "without_image": others[Fate.ORPHAN_CAPTION],
        "misnamed": others[Fate.MISNAMED_CAPTION],
        "truncated": sum(is_truncated for _, is_truncated in tokens),
        "most_tokens": max((count for count, _ in tokens), default=0),
        "shared_by_images_of_one_name": data.num_shared_names,
        "beside_unlike_metadata": data.num_overruled,
    }


def _images(data: ScannedData) -> dict[str, Any]:
    facts = [image.facts for image in data.images]
    modes = Counter(each.mode for each in facts).most_common(MAX_LISTED_MODES)
    return {
        "turned_by_exif": sum(each.orientation != UPRIGHT for each in facts),
        "transparent_over_white": sum(each.has_alpha for each in facts),
        "first_of_several_pages": sum(each.num_pages > 1 for each in facts),
        "with_mask": sum(image.listed.mask is not None for image in data.images),
        "enlarged": sum(image.placement.scale > 1 for image in data.images),
        "mean_cropped_share": round(
            sum(image.placement.lost for image in data.images) / len(data.images), 4
        ),
        "modes": dict(modes),
    }


def _listed(data: ScannedData, tokens: Sequence[tuple[int, bool]]) -> list[dict[str, Any]]:
    copies = {number: min(group) for group in data.groups for number in group}
    return [
        _image(number, image, tokens[number], copies.get(number))
        for number, image in enumerate(data.images[:MAX_LISTED_IMAGES])
    ]


def _image(
    number: int, image: TrainingImage, tokens: tuple[int, bool], copy_of: int | None
) -> dict[str, Any]:
    placement = image.placement
    count, is_truncated = tokens
    return {
        "number": number,
        "name": image.name,
        "fate": str(image.listed.fate),
        "repeats": image.listed.repeats,
        "size": list(placement.original),
        "bucket": [placement.bucket.width, placement.bucket.height],
        "scale": round(placement.scale, 4),
        "cropped_share": round(placement.lost, 4),
        "tokens": count,
        **({"truncated": True} if is_truncated else {}),
        **({"turned_by_exif": True} if image.facts.orientation != UPRIGHT else {}),
        **({"transparent": True} if image.facts.has_alpha else {}),
        **({"mask": True} if image.listed.mask is not None else {}),
        **({"copy_of": copy_of} if copy_of not in (None, number) else {}),
    }


def _step_warnings(steps: Mapping[str, int]) -> list[str]:
    lines = []
    if count := steps["buckets_smaller_than_a_step"]:
        lines.append(
            f"{count:,} buckets have fewer samples than a step: their images are repeated in it, with "
            "other noise."
        )
    if count := steps["images_never_seen"]:
        lines.append(
            f"{count:,} images are never seen: train more epochs, or make the steps smaller."
        )
    return lines


def _image_lines(report: Mapping[str, Any]) -> list[str]:
    images, captions, copies = report["images"], report["captions"], report["copies"]
    counted = {
        "Images turned as their EXIF data say": images["turned_by_exif"],
        "Images with transparency, shown on white": images["transparent_over_white"],
        "Images with several pages, of which the first is used": images["first_of_several_pages"],
        "Images with a mask": images["with_mask"],
        "Images that are enlarged": images["enlarged"],
        "Images that share name and caption with another": captions["shared_by_images_of_one_name"],
        "Captions in metadata.jsonl unlike the one beside the image": captions[
            "beside_unlike_metadata"
        ],
        "Copies of another image, which weigh more": copies["images_that_are_copies"],
        "Pairs of images that look almost the same": copies["similar_pairs"],
    }
    return [f"{text}: {count:,}." for text, count in counted.items() if count]


def _bucket_lines(buckets: Sequence[Mapping[str, int]]) -> list[str]:
    largest = sorted(buckets, key=lambda bucket: -bucket["num_images"])
    lines = [
        f"  {bucket['width']} x {bucket['height']}: {bucket['num_images']:,} images, "
        f"{bucket['total_steps']:,} steps"
        for bucket in largest[:_SHOWN_BUCKETS]
    ]
    more = len(buckets) - _SHOWN_BUCKETS
    return ["Buckets:", *lines, *([f"  and {more} more"] if more > 0 else [])]
