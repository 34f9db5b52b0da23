"""The command `scan`: prints what a data set has, leaves out and has twice, with the names of files.

They may name patients, so they are only printed for the person who asks, and recorded nowhere.
"""

from collections.abc import Iterator
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.decode import printable_path
from training.data.image_folder import list_images
from training.data.listing import LeftOut, LeftOutReason, has_split
from training.data.scan import ImageScan, scan_images
from training.data.scan_report import scan_lines, scan_report
from training.errors import DataError
from training.process import Process


def print_full_scan(root: Path, roots: DataRoots, process: Process) -> None:
    """Scan every split that `root` has. Raises DataError if it has none, or a folder is unreadable."""
    splits = [split for split in Split if has_split(root, split)]
    if not splits:
        raise DataError(
            f"There is no data set in {printable_path(str(root))}. Expected a folder that contains "
            "train/<class>/, val/<class>/ and test/<class>/."
        )
    listings = list_images(root, splits, roots)
    scan = scan_images(
        root,
        {
            split: {path: name for name, paths in listing.images.items() for path in paths}
            for split, listing in listings.items()
        },
        process,
    )
    left_out = [item for listing in listings.values() for item in listing.left_out]
    left_out += [
        LeftOut(split=split, path=path, reason=LeftOutReason.UNREADABLE)
        for split, path, _ in scan.unreadable
    ]
    report = scan_report(scan.images, left_out, scan.groups, scan.similar)
    for line in (*scan_lines(report), *_named(left_out, scan)):
        print(line, flush=True)


def _named(left_out: list[LeftOut], scan: ImageScan) -> Iterator[str]:
    reasons = {path: f": {reason}" for _, path, reason in scan.unreadable}
    for item in left_out:
        yield f"left out: {printable_path(item.path)} ({item.reason}{reasons.get(item.path, '')})"
    for group in scan.groups:
        yield f"the same image: {', '.join(printable_path(image.facts.path) for image in group)}"
    for pair in scan.similar:
        yield f"almost the same: {', '.join(printable_path(image.facts.path) for image in pair)}"
