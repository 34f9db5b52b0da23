"""Makes folders for the files of a model while it is loaded, and removes those of processes that were killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.engine.process_name import names_ended_process, own_process_name

PREFIX = "fovea-served-model-"


@contextmanager
def model_folder() -> Iterator[Path]:
    """A private folder that exists while inside; if this process is killed, the next call removes it."""
    remove_dead_folders()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{own_process_name()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead_folders() -> None:
    """Remove this user's folders of processes of this machine that do not run any more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            is_ours = path.lstat().st_uid == os.geteuid()
        except OSError:
            continue
        if is_ours and names_ended_process(path.name.removeprefix(PREFIX)):
            shutil.rmtree(path, ignore_errors=True)
