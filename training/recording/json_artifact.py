"""Reads a JSON document among the artifacts of a run."""

import json
import logging
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from training.errors import first_line
from training.recording.run_record import RunRecord

logger = logging.getLogger(__name__)


def read_json_artifact(record: RunRecord, path: str) -> Any:
    """The document at `path`; None if there is none, or if it cannot be read, which is logged."""
    folder = str(PurePosixPath(path).parent)
    try:
        repository = get_artifact_repository(record.artifact_uri, tracking_uri=record.tracking_uri)
        if path not in {file.path for file in repository.list_artifacts(folder)}:
            return None
        with tempfile.TemporaryDirectory(prefix="fovea-artifact-") as local:
            return json.loads(Path(repository.download_artifacts(path, dst_path=local)).read_text())
    except Exception as error:  # noqa: BLE001, the client of each kind of store has its own errors
        logger.warning("%s of run %s could not be read: %s", path, record.run_id, first_line(error))
        return None
