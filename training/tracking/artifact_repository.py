"""Uploads a file through MLflow's client of an artifact store, with errors of this package."""

from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from training.tracking.failures import store_failure


def open_artifact_repository(artifact_uri: str, tracking_uri: str) -> Any:
    """Raises Unavailable or Refused."""
    try:
        return get_artifact_repository(artifact_uri, tracking_uri=tracking_uri)
    except Exception as error:  # The store's client library or its credentials may be missing.
        raise store_failure(error) from error


def upload_to_repository(repository: Any, file: Path, artifact_path: str) -> None:
    """Raises Unavailable or Refused."""
    folder = str(PurePosixPath(artifact_path).parent)
    try:
        repository.log_artifact(str(file), None if folder == "." else folder)
    except Exception as error:  # Client libraries of stores raise errors of any type.
        raise store_failure(error) from error
