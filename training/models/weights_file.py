"""Reads the contents of a weights file, PyTorch's or safetensors, without running code from it."""

import argparse
import pathlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from training.errors import WeightsError
from training.file_kind import HEAD_BYTES, NotAFileError, file_kind, is_safetensors, read_file

_PICKLE_OF_PYTORCH = "data.pkl"
_TORCHSCRIPT_ENTRIES = ("constants.pkl", "code/")


def read_weights_file(path: Path) -> Mapping[Any, Any]:
    """The mapping in the file. Raises WeightsError that says what the file is, and quotes none of it."""
    head = _head(path)
    try:
        if is_safetensors(head):
            return dict(load_file(path))
        _require_pytorch(path, head)
        # From a path, PyTorch would go by its ending.
        with torch.serialization.safe_globals(_HARMLESS), path.open("rb") as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise WeightsError(
            f"The weights file {path} contains objects other than tensors, or is damaged, and code "
            "from files is not run: save the tensors alone, with torch.save(model.state_dict(), …)."
        ) from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, SafetensorError):
        raise WeightsError(
            f"The weights file {path} cannot be read as a PyTorch or safetensors file: it is "
            "damaged or cut. Copy or download it again."
        ) from None
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"The weights file {path} contains a {type(content).__name__}; expected a dict of tensors."
        )
    return content


def _head(path: Path) -> bytes:
    try:
        return read_file(path, HEAD_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise WeightsError(f"There is no weights file {path}.") from None
    except NotAFileError:
        raise WeightsError(
            f"The weights file {path} is a folder, a pipe or a device; expected a file."
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no valid path"
        raise WeightsError(f"The weights file {path} cannot be read: {reason}.") from None


def _require_pytorch(path: Path, head: bytes) -> None:
    """Raise WeightsError unless this is a pickle or an archive of PyTorch."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(entry in name for name in names for entry in _TORCHSCRIPT_ENTRIES):
            raise _refusal(path, "a TorchScript program: save its state_dict() instead")
        if not any(name.endswith(_PICKLE_OF_PYTORCH) for name in names):
            raise _refusal(path, "a ZIP archive without PyTorch's tensors: unpack it first")
        return
    if head.startswith(b"PK"):
        raise _refusal(path, "a ZIP archive that is cut: copy or download it again")
    is_pickle = head.startswith(b"\x80")
    kind = None if is_pickle else file_kind(head)
    if kind is not None:
        raise _refusal(path, kind)


def _refusal(path: Path, kind: str) -> WeightsError:
    return WeightsError(
        f"The weights file {path} cannot be read as a PyTorch or safetensors file: it is {kind}."
    )


def _numpy_classes() -> list[Any]:
    """What NumPy's numbers and arrays are pickled with, under the names of NumPy 1 and 2."""
    scalar, array = np.float64(0).__reduce__()[0], np.zeros(0).__reduce__()[0]
    dtypes = {type(np.dtype(kind)) for kind in "?bBhHiIlLqQefd"}
    return [
        *(scalar, array, np.ndarray, np.dtype, *dtypes),
        *((scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
        *((array, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    ]


_HARMLESS: list[Any] = [
    # What trainings store beside the tensors: their arguments, paths, and measured numbers.
    *(argparse.Namespace, pathlib.PosixPath, pathlib.PurePosixPath),
    *_numpy_classes(),
]
