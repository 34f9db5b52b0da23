"""The report of the scan of a data set: what is taken, what is left out and why, and copies.

It has counts only. Names of files may name patients, so they are in no log and no artifact.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from training.config import Split
from training.data.duplicates import KnownImage
from training.data.listing import LeftOut, LeftOutReason
from training.taxonomies.names import metric_part

MAX_LISTED = 20
_NAMED_ENDINGS = frozenset(
    [
        *(".dcm", ".dicom", ".heic", ".heif", ".avif", ".svg", ".npy", ".npz", ".mat", ".nii"),
        *(".e2e", ".fds", ".raw", ".psd", ".txt", ".csv", ".json", ".xml", ".html", ".md", ".pdf"),
        *(".zip", ".gz", ".tar", ".mp4", ".avi", ".db", ".ini", ".xlsx"),
    ]
)
"""Endings that a report names; another one could be a part of a patient's name."""

Report = Mapping[str, Any]


def scan_report(
    images: Sequence[KnownImage],
    left_out: Iterable[LeftOut],
    groups: Sequence[Sequence[KnownImage]],
    similar: Sequence[tuple[KnownImage, KnownImage]],
) -> dict[str, Any]:
    """The report of the taken `images`, their `groups` of copies and their `similar` pairs.

    Copies that are left out are in `left_out` and in `groups`, but not in `images`.
    """
    sizes = Counter((image.facts.width, image.facts.height) for image in images)
    return {
        "splits": _splits(images),
        "left_out": _left_out(left_out),
        "copies": {
            "within_a_split": sum(len(group) - len(_splits_of(group)) for group in groups),
            "across_splits": _across(groups),
            "with_different_classes": sum(
                len({image.class_name for image in group}) > 1 for group in groups
            ),
        },
        "similar_pairs": {
            "within_a_split": sum(a.split is b.split for a, b in similar),
            "across_splits": _across(similar),
        },
        "sizes": [
            {"width": width, "height": height, "num_images": count}
            for (width, height), count in sizes.most_common(MAX_LISTED)
        ],
        "num_sizes": len(sizes),
        "modes": dict(Counter(image.facts.mode for image in images).most_common(MAX_LISTED)),
        "num_images_with_several_pages": sum(image.facts.num_pages > 1 for image in images),
    }


def scan_lines(report: Report) -> list[str]:
    """The report as lines for a terminal."""
    splits = report["splits"]
    totals = ", ".join(f"{name} {split['num_images']}" for name, split in splits.items())
    lines = [f"Images: {totals}."]
    if splits:
        classes = list(next(iter(splits.values()))["images_per_class"])
        lines += [_class_line(name, splits) for name in classes]
    lines += [
        f"Left out of {item['split']}: {item['count']} x {item['reason']}{_endings(item)}."
        for item in report["left_out"]
    ]
    return [*lines, *_copy_lines(report), *_format_lines(report)]


def show_scan(report: Report) -> None:
    """Print the report."""
    for line in scan_lines(report):
        print(line, flush=True)


def _splits(images: Sequence[KnownImage]) -> dict[str, Any]:
    classes = sorted({image.class_name for image in images})
    counts = Counter((image.split, image.class_name) for image in images)
    return {
        str(split): {
            "num_images": sum(counts[split, name] for name in classes),
            "images_per_class": {name: counts[split, name] for name in classes},
        }
        for split in Split
        if any(counts[split, name] for name in classes)
    }


def _left_out(left_out: Iterable[LeftOut]) -> list[dict[str, Any]]:
    counts: Counter[tuple[Split, LeftOutReason]] = Counter()
    endings: dict[tuple[Split, LeftOutReason], Counter[str]] = {}
    for item in left_out:
        key = (item.split, item.reason)
        counts[key] += 1
        if item.reason is LeftOutReason.OTHER_KIND:
            endings.setdefault(key, Counter())[named_ending(item.path)] += 1
    return [
        {
            "split": str(split),
            "reason": str(reason),
            "count": count,
            **({"endings": dict(endings[split, reason])} if (split, reason) in endings else {}),
        }
        for (split, reason), count in sorted(counts.items())
    ]


def named_ending(path: str) -> str:
    """The ending of a path, if a report may name it; else `others` or `none`."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix if suffix in _NAMED_ENDINGS else "others" if suffix else "none"


def _splits_of(group: Sequence[KnownImage]) -> set[Split]:
    return {image.split for image in group}


def _across(groups: Iterable[Sequence[KnownImage]]) -> dict[str, int]:
    """The number of groups that reach over each pair of splits."""
    found: Counter[str] = Counter()
    for group in groups:
        splits = [split for split in Split if split in _splits_of(group)]
        found.update(f"{first} and {second}" for first, second in combinations(splits, 2))
    return dict(found)


def _class_line(name: str, splits: Mapping[str, Any]) -> str:
    counts = ", ".join(
        f"{split} {value['images_per_class'][name]}" for split, value in splits.items()
    )
    part = metric_part(name)
    metric = "" if part == name else f" (in metrics: {part})"
    return f"  {name}{metric}: {counts}"


def _endings(item: Mapping[str, Any]) -> str:
    endings = item.get("endings", {})
    return (
        f" ({', '.join(f'{count} {name}' for name, count in endings.items())})" if endings else ""
    )


def _copy_lines(report: Report) -> list[str]:
    copies, similar = report["copies"], report["similar_pairs"]
    lines = [
        f"The same image in {pair}: {count}." for pair, count in copies["across_splits"].items()
    ]
    if copies["within_a_split"]:
        lines.append(f"Copies within a split: {copies['within_a_split']}.")
    if copies["with_different_classes"]:
        lines.append(f"The same image in several classes: {copies['with_different_classes']}.")
    lines += [
        f"Almost the same image in {pair}: {count} pairs."
        for pair, count in similar["across_splits"].items()
    ]
    if similar["within_a_split"]:
        lines.append(f"Almost the same image within a split: {similar['within_a_split']} pairs.")
    return lines


def _format_lines(report: Report) -> list[str]:
    lines = [f"Modes: {', '.join(f'{mode} ({n})' for mode, n in report['modes'].items())}."]
    if report["sizes"]:
        common = report["sizes"][0]
        lines.append(
            f"Sizes: {report['num_sizes']}, most often {common['width']} x {common['height']}."
        )
    if report["num_images_with_several_pages"]:
        lines.append(
            f"Images with several pages, of which the first is used: "
            f"{report['num_images_with_several_pages']}."
        )
    return lines
