"""The mirror makes the artifact store equal to the local folder, also after failures."""

import json
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from tests.training.checkpoints.test_checkpoint import save
from training.checkpoints import mirror
from training.checkpoints.checkpoint import find_fault
from training.checkpoints.mirror import CheckpointMirror
from training.checkpoints.store import CheckpointStore, checkpoint_name
from training.errors import CheckpointError

DEADLINE_S = 60.0


class Repository(LocalArtifactRepository):
    """An artifact repository whose listing fails or waits on request."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.is_unavailable = False
        self.listing_allowed = threading.Event()
        self.listing_allowed.set()
        self.listing_requested = threading.Event()

    def list_artifacts(self, path: str | None = None) -> list[object]:
        self.listing_requested.set()
        assert self.listing_allowed.wait(DEADLINE_S)
        if self.is_unavailable:
            raise MlflowException("the server is unavailable")
        return list(super().list_artifacts(path))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "remote").mkdir()
    return Repository(tmp_path / "remote")


def store(tmp_path: Path, repository: Repository, name: str = "staging") -> CheckpointStore:
    root = tmp_path / name
    return CheckpointStore(
        root=root, mirror=CheckpointMirror(root=root, repository=repository), keep_last=1
    )


def remote_names(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "remote").iterdir()}


def test_the_store_gets_the_retained_checkpoints_and_staging_is_removed(
    tmp_path: Path, repository: Repository
) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    for step in (1, 2, 3):
        save(checkpoints, step, is_best=step == 2)
    checkpoints.close(DEADLINE_S)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(2), checkpoint_name(3)}
    assert find_fault(tmp_path / "remote" / checkpoint_name(3)) is None
    assert not (tmp_path / "staging").exists()


def test_a_checkpoint_saved_during_a_slow_pass_is_uploaded_too(
    tmp_path: Path, repository: Repository
) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    repository.listing_allowed.clear()
    save(checkpoints, 1, is_best=True)
    assert repository.listing_requested.wait(DEADLINE_S)
    save(checkpoints, 2)
    repository.listing_allowed.set()
    checkpoints.close(DEADLINE_S)
    assert {checkpoint_name(1), checkpoint_name(2)} <= remote_names(tmp_path)


def test_checkpoints_are_uploaded_after_an_outage(tmp_path: Path, repository: Repository) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    repository.is_unavailable = True
    save(checkpoints, 1)
    assert repository.listing_requested.wait(DEADLINE_S)
    save(checkpoints, 2)
    repository.is_unavailable = False
    checkpoints.close(DEADLINE_S)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(2)}


def test_checkpoints_that_are_not_uploaded_in_time_stay_local(
    tmp_path: Path, repository: Repository
) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    repository.is_unavailable = True
    save(checkpoints, 1)
    with pytest.raises(CheckpointError, match="did not accept the checkpoints within"):
        checkpoints.close(0.2)
    assert (tmp_path / "staging" / checkpoint_name(1)).is_dir()


def test_nobody_waits_for_a_store_that_refuses(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "FIRST_BACKOFF_S", 0.0)
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    refusal = MlflowException("no such bucket", error_code=PERMISSION_DENIED)
    monkeypatch.setattr(repository, "list_artifacts", Mock(side_effect=refusal))
    save(checkpoints, 1)
    with pytest.raises(CheckpointError, match=r"did not accept the checkpoints \(no such bucket"):
        checkpoints.close(DEADLINE_S)
    assert (tmp_path / "staging" / checkpoint_name(1)).is_dir()


def test_another_machine_resumes_from_the_store(tmp_path: Path, repository: Repository) -> None:
    first = store(tmp_path, repository)
    first.open_for_writing()
    save(first, 1, is_best=True)
    save(first, 2)
    first.close(DEADLINE_S)
    second = store(tmp_path, repository, "elsewhere")
    assert second.latest() == checkpoint_name(2)
    assert second.best() == checkpoint_name(1)
    second.open_for_writing()
    save(second, 3)
    second.close(DEADLINE_S)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(1), checkpoint_name(3)}


def test_a_run_does_not_start_again_because_the_store_is_unavailable(
    tmp_path: Path, repository: Repository
) -> None:
    repository.is_unavailable = True
    with pytest.raises(CheckpointError, match="could not be listed"):
        store(tmp_path, repository).latest()


def test_an_interrupted_upload_does_not_count_as_a_checkpoint(
    tmp_path: Path, repository: Repository
) -> None:
    half = tmp_path / "remote" / checkpoint_name(7)
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    assert store(tmp_path, repository).latest() is None
    (tmp_path / "remote" / "index.json").write_text(
        json.dumps({"kept": [checkpoint_name(7)], "best": None})
    )
    # The index is uploaded after the checkpoints that it lists, so this one was whole.
    with pytest.raises(CheckpointError, match=r"checkpoint\.json in the artifact store is missing"):
        store(tmp_path, repository, "other").latest()


def test_closing_twice_does_not_wait_again(tmp_path: Path, repository: Repository) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    save(checkpoints, 1)
    checkpoints.close(DEADLINE_S)
    repository.is_unavailable = True
    # A mirror whose thread still ran would raise CheckpointError.
    checkpoints.stop(0.0)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(1)}


@pytest.mark.parametrize("damage", ["shortened", "changed", "manifest"])
def test_a_cut_checkpoint_in_the_store_is_neither_trusted_nor_kept(
    tmp_path: Path, repository: Repository, damage: str
) -> None:
    first = store(tmp_path, repository)
    first.open_for_writing()
    save(first, 1, is_best=True)
    save(first, 2)
    first.close(DEADLINE_S)
    folder = tmp_path / "remote" / checkpoint_name(2)
    file = folder / ("checkpoint.json" if damage == "manifest" else "model.safetensors")
    content = file.read_bytes()
    file.write_bytes(b"x" * len(content) if damage == "changed" else content[:-4])
    second = store(tmp_path, repository, "elsewhere")
    second.open_for_writing()
    assert second.latest() == checkpoint_name(1)
    assert not (tmp_path / "elsewhere" / checkpoint_name(2)).exists()
    save(second, 2)
    second.close(DEADLINE_S)
    assert find_fault(folder) is None


def test_a_checkpoint_that_was_cut_during_its_upload_is_uploaded_again(
    tmp_path: Path, repository: Repository
) -> None:
    first = store(tmp_path, repository)
    first.open_for_writing()
    save(first, 1, is_best=True)
    first.stop(DEADLINE_S)
    remote = tmp_path / "remote" / checkpoint_name(1)
    (remote / "state.pt").write_bytes(b"cut")
    again = store(tmp_path, repository)
    again.open_for_writing()
    assert again.latest() == checkpoint_name(1)
    again.stop(DEADLINE_S)
    assert find_fault(remote) is None


def test_an_empty_index_in_both_places_is_replaced_by_the_manifests(
    tmp_path: Path, repository: Repository
) -> None:
    first = store(tmp_path, repository)
    first.open_for_writing()
    save(first, 1, is_best=True)
    save(first, 2)
    first.stop(DEADLINE_S)
    for folder in ("remote", "staging"):
        (tmp_path / folder / "index.json").write_text("")
    again = store(tmp_path, repository)
    again.open_for_writing()
    assert (again.latest(), again.best()) == (checkpoint_name(2), checkpoint_name(1))
    again.close(DEADLINE_S)
    elsewhere = store(tmp_path, repository, "elsewhere")
    assert (elsewhere.latest(), elsewhere.best()) == (checkpoint_name(2), checkpoint_name(1))


@pytest.mark.parametrize("index", ["", '{"kept": ["step_0000000001"], "best": "step_0000000001"}'])
def test_a_run_that_has_nothing_left_to_train_keeps_its_newest_checkpoint(
    tmp_path: Path, repository: Repository, index: str
) -> None:
    first = store(tmp_path, repository)
    first.open_for_writing()
    save(first, 1, is_best=True)
    save(first, 2)
    first.stop(DEADLINE_S)
    (tmp_path / "staging" / "index.json").write_text(index)
    again = store(tmp_path, repository)
    assert again.latest() == checkpoint_name(2)
    again.open_for_writing()
    again.close(DEADLINE_S)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(1), checkpoint_name(2)}
