"""`python -m tests.file_names` refuses files whose paths differ only in upper case and ending.

Such files are one file on macOS and Windows, or one module to a bundler there.
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [path for path in listed.stdout.split("\0") if path]


def colliding(paths: Iterable[str]) -> list[list[str]]:
    """Groups of paths that are alike once case and ending are ignored, but are written differently."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[_stem(path).lower()].append(path)
    return [sorted(group) for group in groups.values() if len({_stem(path) for path in group}) > 1]


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


if __name__ == "__main__":
    found = colliding(tracked_files())
    for group in found:
        print(f"{', '.join(group)}: rename all but one, they differ only in upper case and ending")
    sys.exit(1 if found else 0)
