"""Keeps a run's identity among its artifacts, with a copy in the work folder until the run has ended."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from tracking_plugin.names import Param
from training.durable_file import write_durably
from training.errors import ConfigError, TrackingError, first_line
from training.job import CONFIG_ARTIFACT
from training.recording.retry import retry_until_accepted
from training.run_identity import RunIdentity


@dataclass(frozen=True, kw_only=True)
class IdentityStore:
    """The identity of one run. The copy on disk survives a power cut that empties the artifact."""

    run_id: str
    artifact_uri: str
    tracking_uri: str
    work_dir: Path

    def read(self) -> RunIdentity | None:
        """The stored identity; None if the run has none.

        Raises TrackingError if the artifact store does not answer, and ConfigError if the identity
        is damaged.
        """
        stored = (self._read_artifact(), _read_file(self.work_dir / CONFIG_ARTIFACT))
        found = [values for values in stored if values is not None]
        if not found:
            return None
        try:
            # A power cut can also leave the artifact as it was before the training began.
            return RunIdentity.from_json(next(filter(_has_begun, found), found[0]))
        except (KeyError, TypeError, ValueError):
            raise ConfigError(
                f"The run {self.run_id} does not say what it was trained with: {CONFIG_ARTIFACT} among "
                "its artifacts is damaged. Restore the file, or start a new run."
            ) from None

    def write(self, identity: RunIdentity, timeout_s: float) -> None:
        """Store the identity. Raises TrackingError if it is not accepted before the timeout."""
        path = self.work_dir / CONFIG_ARTIFACT
        try:
            self.work_dir.mkdir(parents=True, exist_ok=True)
            write_durably(path, json.dumps(identity.to_json(), indent=2))
        except OSError as error:
            raise TrackingError(
                f"The settings of the run could not be written to {self.work_dir}: "
                f"{error.strerror}. Free some space, or set FOVEA_DATA_DIR to another folder."
            ) from error
        retry_until_accepted(lambda: self._upload(path), "store the settings of the run", timeout_s)

    def _read_artifact(self) -> dict[str, Any] | None:
        """The content of the artifact; None if it is missing, empty or no JSON."""
        try:
            repository = self._repository()
            if CONFIG_ARTIFACT not in {file.path for file in repository.list_artifacts()}:
                return None
            with tempfile.TemporaryDirectory(prefix="fovea-config-") as folder:
                return _read_file(
                    Path(repository.download_artifacts(CONFIG_ARTIFACT, dst_path=folder))
                )
        except Exception as error:
            # The client of each kind of store raises errors of its own types.
            raise TrackingError(
                f"The settings of run {self.run_id} could not be read from its artifacts: "
                f"{first_line(error)}. Check the artifact store, and try again."
            ) from error

    def _upload(self, path: Path) -> None:
        try:
            self._repository().log_artifact(str(path))
        except (MlflowException, requests.RequestException):
            raise
        except Exception as error:
            raise TrackingError(
                f"The artifact store did not accept the settings of run {self.run_id}: "
                f"{first_line(error)}. Check the store and its credentials."
            ) from error

    def _repository(self) -> ArtifactRepository:
        return get_artifact_repository(self.artifact_uri, tracking_uri=self.tracking_uri)


def require_complete(run_id: str, params: Mapping[str, str], identity: RunIdentity | None) -> None:
    """Raise ConfigError if the run has begun, but its identity does not say completely with what.

    `params` are those that the tracking server has.
    """
    if identity is not None and identity.config and identity.beginning is None:
        raise ConfigError(
            f"The run {run_id} does not say on which data it was trained, because it began with an "
            "earlier version of this program. Start a new run without --run-id."
        )
    expected = params.get(Param.IDENTITY_DIGEST, "")
    beginning = None if identity is None else identity.beginning
    if expected and (beginning is None or beginning.digest != expected):
        raise ConfigError(
            f"The run {run_id} has begun, but {CONFIG_ARTIFACT} among its artifacts is "
            f"{'missing' if beginning is None else 'not the one that it began with'}, so nobody "
            "can tell whether its data and settings are unchanged. Restore the file, or start a "
            "new run without --run-id."
        )


def remove_copy(work_dir: Path, but: frozenset[str] = frozenset()) -> None:
    """Remove the copy from a work folder that has nothing else in it, except files named in `but`."""
    if work_dir.is_dir() and {path.name for path in work_dir.iterdir()} - but == {CONFIG_ARTIFACT}:
        (work_dir / CONFIG_ARTIFACT).unlink(missing_ok=True)


def _has_begun(values: Mapping[str, Any]) -> bool:
    return bool(values.get("beginning"))


def _read_file(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return values if isinstance(values, dict) else None
