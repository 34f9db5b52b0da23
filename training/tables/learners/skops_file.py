"""Keeps objects of scikit-learn in a file without pickle."""

from pathlib import Path
from typing import Any

from training.tables.errors import TableError

_TRUSTED = ["numpy.dtype", "sklearn.neural_network._stochastic_optimizers.AdamOptimizer"]
"""Types that models here have and skops does not trust by itself."""


def write_skops(path: Path, content: Any) -> None:
    """Raises OSError if the file cannot be written."""
    # Importing skops takes half a second, which a fit does not need.
    import skops.io  # noqa: PLC0415

    skops.io.dump(content, path)


def read_skops(path: Path) -> Any:
    """Raises TableError if the file has types other than those that models here use."""
    import skops.io  # noqa: PLC0415
    from skops.io.exceptions import UntrustedTypesFoundException  # noqa: PLC0415

    try:
        return skops.io.load(path, trusted=_TRUSTED)
    except UntrustedTypesFoundException as error:
        raise TableError(
            f"Expected a model of scikit-learn in {path.name}, but the file has other types, and "
            "was not loaded. Train the model again."
        ) from error
