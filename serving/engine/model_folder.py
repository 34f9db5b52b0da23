"""Makes folders for the files of a model while it is loaded, and removes those of processes that were killed."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracking_plugin.process_identity import identify, this_machine

PREFIX = "fovea-served-model-"

_NAME = re.compile(rf"{PREFIX}([0-9a-f]+)-(\d+)-(\d+)-.*")


@contextmanager
def model_folder() -> Iterator[Path]:
    """A private folder that exists while inside; if this process is killed, the next call removes it."""
    remove_dead_folders()
    own = identify(os.getpid())
    assert own is not None  # this process runs
    owner = f"{_machine()}-{own.pid}-{own.started}"
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{owner}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead_folders() -> None:
    """Remove this user's folders of processes of this machine that do not run any more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = _NAME.fullmatch(path.name)
        try:
            is_ours = path.lstat().st_uid == os.geteuid()
        except OSError:
            continue
        if found is None or not is_ours or found[1] != _machine():
            continue
        owner = identify(int(found[2]))
        if owner is None or owner.started != int(found[3]):
            shutil.rmtree(path, ignore_errors=True)


def _machine() -> str:
    """A name of this machine: containers may share the folder, but not the ids of processes."""
    return hashlib.blake2b(this_machine().encode(), digest_size=4).hexdigest()
