"""Checks before boosting that its pages have room on the disk: without it, XGBoost ends the process."""

import shutil
from pathlib import Path

from training.errors import StorageError

_BYTES_PER_CELL = 6
"""In the pages; 2.4 to 5.6 were measured, the most with missing values."""
_BYTES_PER_ROW = 16


def page_bytes(num_rows: int, num_features: int) -> int:
    """What the pages of so many rows take on the disk at most."""
    return num_rows * (_BYTES_PER_ROW + _BYTES_PER_CELL * num_features)


def require_room(folder: Path, num_bytes: int) -> None:
    """Raises StorageError that says how much is needed and how much is free."""
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise StorageError(
            f"The machine that trains has no room on a disk: the rows need {_shown(num_bytes)} in "
            f"{folder}, which has {_shown(free)} free. Free some space there, or name another "
            "folder with FOVEA_DATA_DIR, and start the training again."
        )


def _shown(num_bytes: int) -> str:
    return f"{num_bytes / 2**20:,.1f} MiB"
