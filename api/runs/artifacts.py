"""Reads a run's artifacts from the repository that MLflow's server uses."""

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.server import handlers
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from api.errors import ApiError, NotFoundError, TooLargeError
from api.runs.regular_files import open_regular


class ArtifactNotFoundError(NotFoundError):
    """The run has no such artifact."""


class ArtifactUnreadableError(ApiError):
    """The artifact store failed to return the artifact."""


def read_artifact(artifact_uri: str, path: str, largest_bytes: int) -> bytes:
    """The artifact at `path` below a run's `artifact_uri`.

    Raises ArtifactNotFoundError, TooLargeError if it has more than `largest_bytes`, and
    ArtifactUnreadableError for every other failure.
    """
    with _as_api_errors(path):
        return _read(*artifact_location(artifact_uri, path), largest_bytes)


def artifact_names(artifact_uri: str, folder: str, most: int) -> list[str]:
    """The names of at most `most` files and folders in `folder`; none if there is no such folder.

    Raises the errors of `read_artifact`.
    """
    with _as_api_errors(folder):
        repository, place = artifact_location(artifact_uri, folder)
        listed = repository.list_artifacts(place or None)
        return [posixpath.basename(found.path) for found in islice(listed, most)]


@contextmanager
def _as_api_errors(path: str) -> Iterator[None]:
    try:
        yield
    except ApiError:
        raise
    except MlflowException as error:
        if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise ArtifactNotFoundError(f"The run has no artifact {path}") from None
        raise ArtifactUnreadableError(
            f"MLflow could not return the artifact {path}: {error}"
        ) from error
    # Each artifact store raises what its own client library raises.
    except Exception as error:
        raise ArtifactUnreadableError(f"The artifact {path} cannot be read: {error}") from error


def artifact_location(artifact_uri: str, path: str) -> tuple[ArtifactRepository, str]:
    """The repository in which MLflow's server stores a run's artifacts, and the path in it."""
    if not handlers._is_servable_proxied_run_artifact_root(artifact_uri):  # noqa: SLF001
        return handlers._get_artifact_repository_for_uri(artifact_uri), path  # noqa: SLF001
    proxied = handlers._get_proxied_run_artifact_destination_path(artifact_uri, path)  # noqa: SLF001
    scoped = handlers._get_workspace_scoped_repo_path_if_enabled(proxied)  # noqa: SLF001
    return handlers._get_artifact_repo_mlflow_artifacts(), str(scoped)  # noqa: SLF001


def _read(repository: ArtifactRepository, path: str, largest_bytes: int) -> bytes:
    if (local_path := repository.get_local_path(path)) is not None:
        return _content(Path(local_path), path, largest_bytes)
    listed = repository.list_artifacts(posixpath.dirname(path))
    file = next((file for file in listed if file.path == path), None)
    if file is None:
        raise ArtifactNotFoundError(f"The run has no artifact {path}")
    # A store that does not say the size may hold any amount.
    if file.file_size is None or file.file_size > largest_bytes:
        raise _too_large(path, largest_bytes)
    with tempfile.TemporaryDirectory(prefix="fovea-") as folder:
        return _content(Path(repository.download_artifacts(path, folder)), path, largest_bytes)


def _content(file: Path, path: str, largest_bytes: int) -> bytes:
    with open_regular(file) as opened:
        content = opened.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise _too_large(path, largest_bytes)
    return content


def _too_large(path: str, largest_bytes: int) -> TooLargeError:
    return TooLargeError(f"The artifact {path} is not known to be within {largest_bytes} bytes")
