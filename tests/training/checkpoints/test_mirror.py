"""The mirror: the artifact store ends up with what the folder keeps, whatever happened meanwhile."""

import json
import threading
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from tests.training.checkpoints.test_checkpoint import save
from training.checkpoints.checkpoint import find_fault
from training.checkpoints.mirror import CheckpointMirror
from training.checkpoints.store import CheckpointStore, checkpoint_name
from training.errors import CheckpointError

DEADLINE_S = 60.0


class Repository(LocalArtifactRepository):
    """A store that fails or waits as a test tells it to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.is_away = False
        self.open_for_index = threading.Event()
        self.open_for_index.set()
        self.asked_for_index = threading.Event()

    def list_artifacts(self, path: str | None = None) -> list[object]:
        self.asked_for_index.set()
        assert self.open_for_index.wait(DEADLINE_S)
        if self.is_away:
            raise MlflowException("the server is away")
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


def test_the_store_ends_with_what_is_kept_and_staging_goes(
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
    repository.open_for_index.clear()
    save(checkpoints, 1, is_best=True)
    assert repository.asked_for_index.wait(DEADLINE_S)
    save(checkpoints, 2)
    repository.open_for_index.set()
    checkpoints.close(DEADLINE_S)
    assert {checkpoint_name(1), checkpoint_name(2)} <= remote_names(tmp_path)


def test_an_outage_is_made_up_for(tmp_path: Path, repository: Repository) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    repository.is_away = True
    save(checkpoints, 1)
    assert repository.asked_for_index.wait(DEADLINE_S)
    save(checkpoints, 2)
    repository.is_away = False
    checkpoints.close(DEADLINE_S)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(2)}


def test_what_cannot_be_uploaded_in_time_stays_here(tmp_path: Path, repository: Repository) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    repository.is_away = True
    save(checkpoints, 1)
    with pytest.raises(CheckpointError, match="did not take the checkpoints within"):
        checkpoints.close(0.2)
    assert (tmp_path / "staging" / checkpoint_name(1)).is_dir()


def test_another_machine_goes_on_from_the_store(tmp_path: Path, repository: Repository) -> None:
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


def test_a_run_does_not_begin_anew_because_the_store_is_away(
    tmp_path: Path, repository: Repository
) -> None:
    repository.is_away = True
    with pytest.raises(CheckpointError, match="could not say which checkpoints it holds"):
        store(tmp_path, repository).latest()


def test_an_upload_that_was_cut_off_is_not_taken_for_a_checkpoint(
    tmp_path: Path, repository: Repository
) -> None:
    half = tmp_path / "remote" / checkpoint_name(7)
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    assert store(tmp_path, repository).latest() is None
    (tmp_path / "remote" / "index.json").write_text(
        json.dumps({"kept": [checkpoint_name(7)], "best": None})
    )
    assert store(tmp_path, repository, "other").latest() is None


def test_closing_again_waits_for_nothing(tmp_path: Path, repository: Repository) -> None:
    checkpoints = store(tmp_path, repository)
    checkpoints.open_for_writing()
    save(checkpoints, 1)
    checkpoints.close(DEADLINE_S)
    repository.is_away = True
    # With a mirror still at work this would end with a CheckpointError.
    checkpoints.stop(0.0)
    assert remote_names(tmp_path) == {"index.json", checkpoint_name(1)}
