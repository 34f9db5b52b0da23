"""Decides where a run's checkpoints are written: into its artifact folder, or into a mirrored one."""

from pathlib import Path
from urllib.parse import urlsplit

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path

from tracking_plugin.names import CHECKPOINTS
from training.checkpoints.mirror import CheckpointMirror
from training.checkpoints.store import CheckpointStore


def open_checkpoints(
    artifact_uri: str, *, tracking_uri: str, staging: Path, keep_last: int
) -> CheckpointStore:
    """Open the checkpoints of the run whose artifacts are at `artifact_uri`.

    An artifact store that is a local folder holds them directly. For any other store they are
    written to `staging` and mirrored from there.
    """
    if urlsplit(artifact_uri).scheme in ("", "file"):
        root = Path(local_file_uri_to_path(artifact_uri)) / CHECKPOINTS
        return CheckpointStore(root=root, mirror=None, keep_last=keep_last)
    uri = f"{artifact_uri.rstrip('/')}/{CHECKPOINTS}"
    repository = get_artifact_repository(uri, tracking_uri=tracking_uri)
    mirror = CheckpointMirror(root=staging, repository=repository)
    return CheckpointStore(root=staging, mirror=mirror, keep_last=keep_last)
