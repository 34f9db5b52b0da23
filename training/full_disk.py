"""Gives the errors of a disk without room a message that says which folders need it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracking_plugin.full_disk import is_of_full_disk
from training.errors import StorageError, TrainingError


@contextmanager
def named_full_disk(data_dir: Path) -> Iterator[None]:
    """Raise StorageError in place of the error of a library for which a disk had no room."""
    try:
        yield
    except TrainingError:
        raise
    except Exception as error:
        if not is_of_full_disk(error):
            raise
        raise StorageError(full_disk_message(data_dir)) from error


def full_disk_message(data_dir: Path) -> str:
    """`data_dir` has the records of runs; temporary files are in the system's folder."""
    temporary = tempfile.gettempdir()
    return (
        "The machine that trains has no room on a disk: there were "
        f"{_free(Path(temporary))} free for temporary files in {temporary} and "
        f"{_free(data_dir)} for the records of runs in {data_dir}. Free some space there, or name "
        "other folders with TMPDIR and FOVEA_DATA_DIR, and start the training again."
    )


def _free(folder: Path) -> str:
    with suppress(OSError):
        return f"{shutil.disk_usage(folder).free / 2**20:,.0f} MiB"
    return "an unknown number of bytes"
