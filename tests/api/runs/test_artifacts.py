"""Artifacts of a run are read up to a maximum size."""

import shutil
from pathlib import Path

import pytest
from mlflow.entities import FileInfo
from mlflow.server import handlers
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from api.errors import TooLargeError
from api.runs.artifacts import ArtifactNotFoundError, ArtifactUnreadableError, read_artifact


class Bucket(ArtifactRepository):
    """A remote store: files are listed with their size, then downloaded."""

    def __init__(self, folder: Path, claimed_bytes: int | None) -> None:
        super().__init__("bucket://here")
        self.folder = folder
        self.claimed_bytes = claimed_bytes
        self.num_downloads = 0

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        listed = self.folder / (path or "")
        if path == "nowhere":
            raise ConnectionError("no bucket answers")
        return [
            FileInfo(str(file.relative_to(self.folder)), file.is_dir(), self.claimed_bytes)
            for file in listed.glob("*")
        ]

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self.num_downloads += 1
        shutil.copy(self.folder / remote_file_path, local_path)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        raise NotImplementedError

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        raise NotImplementedError


def test_a_local_artifact_is_read_up_to_a_size(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"content")
    uri = tmp_path.as_uri()

    assert read_artifact(uri, "folder/file", largest_bytes=7) == b"content"
    with pytest.raises(TooLargeError):
        read_artifact(uri, "folder/file", largest_bytes=6)
    with pytest.raises(ArtifactNotFoundError):
        read_artifact(uri, "folder/other", largest_bytes=7)
    with pytest.raises(ArtifactUnreadableError):
        read_artifact(uri, "folder", largest_bytes=7)
    with pytest.raises(ArtifactUnreadableError):
        read_artifact("nowhere://at/all", "file", largest_bytes=7)


@pytest.mark.parametrize(
    ("claimed_bytes", "largest_bytes", "num_downloads"), [(7, 6, 0), (None, 7, 0), (3, 6, 1)]
)
def test_a_remote_artifact_is_refused_by_its_claimed_and_by_its_actual_size(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    claimed_bytes: int | None,
    largest_bytes: int,
    num_downloads: int,
) -> None:
    bucket = Bucket(tmp_path, claimed_bytes)
    monkeypatch.setattr(handlers, "_get_artifact_repository_for_uri", lambda uri: bucket)
    (tmp_path / "file").write_bytes(b"content")

    with pytest.raises(TooLargeError):
        read_artifact("bucket://here", "file", largest_bytes)
    assert bucket.num_downloads == num_downloads


def test_a_remote_artifact_is_downloaded_if_it_is_small_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(tmp_path, 7)
    monkeypatch.setattr(handlers, "_get_artifact_repository_for_uri", lambda uri: bucket)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"content")

    assert read_artifact("bucket://here", "folder/file", largest_bytes=7) == b"content"
    with pytest.raises(ArtifactNotFoundError):
        read_artifact("bucket://here", "folder/other", largest_bytes=7)
    with pytest.raises(ArtifactUnreadableError):
        read_artifact("bucket://here", "nowhere/file", largest_bytes=7)
