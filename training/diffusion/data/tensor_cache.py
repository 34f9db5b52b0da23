"""Keeps computed tensors on disk, each under a digest of all that it was computed from.

An entry is a safetensors file with the precision in which it was computed, and a digest of its
content: a damaged one counts as missing. It is written under another name first, so that no reader
sees a part of it. Names and contents of files tell neither paths nor captions.
"""

import contextlib
import hashlib
import json
import os
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from tracking_plugin.full_disk import is_of_full_disk
from tracking_plugin.private_files import make_private_folder
from training.errors import DataError
from training.file_kind import read_file

VERSION = 1
"""Raise it when the same key would be computed differently."""
DIGEST_BYTES = 16
MAX_ENTRY_BYTES = 2**31
MEMORY_BYTES = 512 * 2**20
_PARTIAL = ".partial-"
_PARTIAL_AGE_S = 86_400

Tensors = Mapping[str, Tensor]


class CacheFullError(DataError):
    """The cache would become larger than allowed, or the disk is full."""


def cache_key(**parts: Any) -> str:
    """The name of an entry, from plain JSON that decides its content; 64 hexadecimal digits.

    For latents: the digest of the image's file, its bucket, crop and flip, and the digest of the
    encoder. For embeddings: the caption, the limits of its tokens and the digest of the encoders.
    """
    text = json.dumps({"version": VERSION, **parts}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class TensorCache:
    """Entries in `folder`, of together at most `max_bytes`; 0 is without limit."""

    def __init__(
        self, folder: Path, *, max_bytes: int = 0, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._used_bytes = 0
        self._recent: OrderedDict[str, tuple[Tensors, int]] = OrderedDict()
        self._recent_bytes = 0

    @property
    def folder(self) -> Path:
        return self._folder

    def open(self) -> int:
        """Make the folder and return the bytes in use.

        Raises DataError if it cannot be written to.
        """
        try:
            make_private_folder(self._folder)
            sizes = [entry.stat().st_size for entry in self._folder.glob("*/*.safetensors")]
        except OSError as error:
            raise DataError(
                f"The cache {self._folder} cannot be used: {error.strerror or error}. Choose a data folder "
                "that can be written to."
            ) from None
        self._used_bytes = sum(sizes)
        return self._used_bytes

    def remove_partial(self) -> None:
        """Remove the files of writes that were interrupted long ago; younger ones may be in progress."""
        oldest = time.time() - _PARTIAL_AGE_S
        for path in self._folder.glob(f"*/{_PARTIAL}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def require_room(self, num_bytes: int) -> None:
        """Raises CacheFullError if so many more bytes would be too many."""
        if self._max_bytes and self._used_bytes + num_bytes > self._max_bytes:
            raise CacheFullError(
                f"The cache {self._folder} would have {_size(self._used_bytes + num_bytes)}, and at most "
                f"{_size(self._max_bytes)} are allowed. Raise --cache-limit-mib, train without the cache, or "
                "remove the folder, which also removes what other runs have computed."
            )

    def put(self, key: str, tensors: Tensors) -> int:
        """Write an entry and return its size in bytes. Raises CacheFullError or DataError."""
        content, path = _encoded(tensors), self._path(key)
        self.require_room(len(content))
        partial = path.parent / f"{_PARTIAL}{uuid.uuid4().hex}"
        try:
            path.parent.mkdir(exist_ok=True)
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise _write_error(self._folder, error) from None
        self._used_bytes += len(content)
        return len(content)

    def get(self, key: str) -> Tensors | None:
        """The tensors of an entry on the CPU; None if there is none, or it is damaged."""
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key][0]
        try:
            content = read_file(self._path(key), MAX_ENTRY_BYTES)
        except OSError:
            return None
        tensors = _decoded(content)
        if tensors is not None:
            self._remember(key, tensors, len(content))
        return tensors

    def read(self, keys: Sequence[str]) -> list[Tensors]:
        """The entries of a batch. Raises DataError if one is missing or damaged."""
        found = [self.get(key) for key in keys]
        if missing := sum(tensors is None for tensors in found):
            raise DataError(
                f"{missing} entries of the cache {self._folder} are gone or damaged, which were there when "
                "the training began. Resume the run: it computes them again."
            )
        return [tensors for tensors in found if tensors is not None]

    def is_intact(self, key: str) -> bool:
        """Whether an entry is there and can be read; remembers nothing."""
        try:
            return _decoded(read_file(self._path(key), MAX_ENTRY_BYTES)) is not None
        except OSError:
            return False

    def has(self, key: str) -> bool:
        """Whether an entry is there, unread."""
        return self._path(key).is_file()

    def _remember(self, key: str, tensors: Tensors, num_bytes: int) -> None:
        self._recent[key] = tensors, num_bytes
        self._recent_bytes += num_bytes
        while self._recent_bytes > self._memory_bytes:
            _, (_, dropped) = self._recent.popitem(last=False)
            self._recent_bytes -= dropped

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.safetensors"


def _encoded(tensors: Tensors) -> bytes:
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content: bytes = save(plain)
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest() + content


def _decoded(content: bytes) -> Tensors | None:
    digest, body = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    if hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest() != digest:
        return None
    try:
        tensors: Tensors = load(body)
    except (SafetensorError, ValueError):
        return None
    return tensors


def _write_error(folder: Path, error: OSError) -> DataError:
    if is_of_full_disk(error):
        return CacheFullError(
            f"The disk of the cache {folder} is full. Free some space, set --cache-limit-mib, or train without "
            "the cache."
        )
    reason = error.strerror or os.strerror(error.errno or 0)
    return DataError(f"The cache {folder} cannot be written to: {reason}.")


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.2f} GiB" if num_bytes >= 2**28 else f"{num_bytes / 2**20:.1f} MiB"
