"""Replaces a small file so that a power cut leaves the old or the new content, never half of it."""

import os
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Raises OSError if the file cannot be written; the old one then stays."""
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(text)
        sync_to_disk(partial)
        partial.replace(path)
        sync_to_disk(path.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def sync_to_disk(path: Path) -> None:
    """Make the content of a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
