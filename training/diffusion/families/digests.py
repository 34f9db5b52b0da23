"""Names a base model, and its encoders, by the content of their files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from training.file_digest import file_sha256

SUFFIXES = (".json", ".txt", ".model", ".safetensors")
"""Endings of the files from which a part is loaded."""


def parts_digest(pipeline: Path, parts: Iterable[str]) -> str:
    """SHA-256 over the names and contents of the files of these parts, in hexadecimal digits.

    Raises OSError if a file cannot be read.
    """
    digest = hashlib.sha256()
    for part in sorted(parts):
        files = sorted(path for path in (pipeline / part).iterdir() if path.name.endswith(SUFFIXES))
        for path in files:
            digest.update(f"{part}/{path.name}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()
