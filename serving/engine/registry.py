"""Reads registered models from MLflow: which version an alias names, and the files of a version."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow.artifacts
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

from serving.engine.model_folder import model_folder
from tracking_plugin.server_address import shown_uri, without_credentials

logger = logging.getLogger(__name__)

CLIENT_SETTINGS = {
    # MLflow's own defaults let one request to a server that is away take several minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""What MLflow's client reads from the environment, unless it is set there."""

_ABSENT = frozenset(
    ErrorCode.Name(code) for code in (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)
)


class RegistryError(Exception):
    """The registry did not answer, or refused; the message says which one and why."""


@dataclass(frozen=True, kw_only=True)
class RegisteredVersion:
    """A version of a registered model. `created_ms` tells apart versions of models of one name."""

    name: str
    version: str
    run_id: str
    created_ms: int

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"


class ModelRegistry:
    """The registry of the MLflow server or store at `tracking_uri`. All methods block."""

    def __init__(self, tracking_uri: str) -> None:
        for name, value in CLIENT_SETTINGS.items():
            os.environ.setdefault(name, value)
        self.tracking_uri = tracking_uri
        self._client = MlflowClient(tracking_uri, registry_uri=tracking_uri)

    @property
    def shown_address(self) -> str:
        """The address without credentials, for messages."""
        return shown_uri(self.tracking_uri)

    def find(self, name: str, alias: str) -> RegisteredVersion | None:
        """The version that the alias names; None if there is no such model or alias.

        Raises RegistryError.
        """
        try:
            found = self._client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise self._failure(error) from error
        except Exception as error:
            raise self._failure(error) from error
        return _version(found)

    @contextmanager
    def downloaded(self, version: RegisteredVersion) -> Iterator[Path]:
        """A folder with the files of the version, while inside. Raises RegistryError."""
        with model_folder() as folder:
            try:
                uri = self._client.get_model_version_download_uri(version.name, version.version)
                path = mlflow.artifacts.download_artifacts(
                    artifact_uri=uri,
                    dst_path=str(folder),
                    tracking_uri=self.tracking_uri,
                    registry_uri=self.tracking_uri,
                )
            except Exception as error:
                raise self._failure(error) from error
            yield Path(path)

    def _failure(self, error: Exception) -> RegistryError:
        reason = without_credentials(str(error).strip().partition("\n")[0])[:300]
        return RegistryError(
            f"the model registry at {self.shown_address} did not answer as expected "
            f"({reason or type(error).__name__})"
        )


def _version(found: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(
        name=found.name,
        version=str(found.version),
        run_id=found.run_id or "",
        created_ms=int(found.creation_timestamp or 0),
    )
