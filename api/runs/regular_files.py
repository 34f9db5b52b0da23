"""Opens regular files alone: a FIFO, a device or a socket would occupy its reader for ever."""

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact import artifact_repository_registry
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.tracing.utils.artifact_utils import TRACE_DATA_FILE_NAME

_LOCAL_SCHEMES = ("", "file")


class NotRegularError(OSError):
    """The path is no regular file."""


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading without waiting. Raises NotRegularError, and OSErrors as `open` does."""
    # O_NONBLOCK: a FIFO would wait for a writer. O_NOFOLLOW: its name may have become a link.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(os.path.realpath(path), flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError("it is no regular file")
    return os.fdopen(descriptor, "rb")


class RegularFilesRepository(LocalArtifactRepository):
    """Artifacts in a folder of this machine, of which only regular files and folders can be read.

    MLflow itself refuses links that lead out of the folder.
    """

    def get_local_path(self, artifact_path: str) -> str:
        path = super().get_local_path(artifact_path)
        _require_readable(Path(path), artifact_path)
        return path

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self.get_local_path(remote_file_path)
        super()._download_file(remote_file_path, local_path)  # type: ignore[no-untyped-call]

    def download_trace_data(self) -> dict[str, Any]:
        path = Path(self.artifact_dir, TRACE_DATA_FILE_NAME)
        if path.exists():
            _require_readable(path, TRACE_DATA_FILE_NAME)
        return super().download_trace_data()


def read_regular_artifacts_only() -> None:
    """From now on, MLflow's server in this process reads local artifacts by RegularFilesRepository."""
    registry = artifact_repository_registry._artifact_repository_registry  # noqa: SLF001
    registered = registry.get_registered_artifact_repositories()
    for scheme in _LOCAL_SCHEMES:
        # A plugin of MLflow may have brought its own.
        if registered.get(scheme) is LocalArtifactRepository:
            registry.register(scheme, RegularFilesRepository)


def _require_readable(path: Path, artifact_path: str) -> None:
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise MlflowException(
            f"No such artifact: '{artifact_path}' is neither a file nor a folder",
            error_code=RESOURCE_DOES_NOT_EXIST,
        )
