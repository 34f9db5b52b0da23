"""Checkpoints are complete or absent, verified, and deleted when they are no longer needed."""

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from training.checkpoints.checkpoint import (
    PARTIAL_PREFIX,
    Checkpoint,
    find_fault,
    read_checkpoint,
    write_checkpoint,
)
from training.checkpoints.store import CheckpointStore, checkpoint_name, retained
from training.errors import CheckpointError


def store_in(root: Path, keep_last: int = 2) -> CheckpointStore:
    store = CheckpointStore(root=root, mirror=None, keep_last=keep_last)
    store.open_for_writing()
    return store


def save(store: CheckpointStore, step: int, *, is_best: bool = False) -> None:
    store.save(
        {"model": {"w": torch.full((2,), float(step))}}, {"step": step}, step=step, is_best=is_best
    )


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = {"numbers": [1, 2.5], "nested": {"tensor": torch.arange(3)}, "text": "a", "none": None}
    tensors = {"model": {"w": torch.randn(3, 2).t()}, "ema": {"w": torch.ones(1)}}
    path = write_checkpoint(tmp_path, "step_1", Checkpoint(tensors=tensors, state=state), step=1)
    read = read_checkpoint(path)
    assert torch.equal(read.tensors["model"]["w"], tensors["model"]["w"])
    assert set(read.tensors) == {"model", "ema"}
    assert read.state["numbers"] == [1, 2.5]
    assert torch.equal(read.state["nested"]["tensor"], torch.arange(3))


@pytest.mark.parametrize("name", ["model.safetensors", "state.pt", "checkpoint.json"])
@pytest.mark.parametrize("damage", ["removed", "shortened", "changed"])
def test_a_damaged_checkpoint_is_skipped_for_the_one_before(
    tmp_path: Path, name: str, damage: str
) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    save(store, 2)
    file = tmp_path / checkpoint_name(2) / name
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(content[:-5] if damage == "shortened" else b"x" * len(content))
    assert store.latest() == checkpoint_name(1)
    with pytest.raises(CheckpointError, match="is incomplete or damaged"):
        read_checkpoint(tmp_path / checkpoint_name(2))


@pytest.mark.parametrize("name", ["model.safetensors", "state.pt", "checkpoint.json"])
@pytest.mark.parametrize("damage", ["removed", "shortened"])
def test_a_run_does_not_begin_again_when_all_its_checkpoints_are_damaged(
    tmp_path: Path, name: str, damage: str
) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    save(store, 2)
    for step in (1, 2):
        file = tmp_path / checkpoint_name(step) / name
        content = file.read_bytes()
        file.unlink()
        if damage == "shortened":
            file.write_bytes(content[:-5])
    again = store_in(tmp_path)
    for _ in range(2):
        with pytest.raises(
            CheckpointError, match=f"newest, {checkpoint_name(2)}, {name} is missing"
        ):
            again.latest()


def test_a_run_does_not_begin_again_when_the_folders_of_its_checkpoints_are_gone(
    tmp_path: Path,
) -> None:
    save(store_in(tmp_path), 1)
    shutil.rmtree(tmp_path / checkpoint_name(1))
    with pytest.raises(CheckpointError, match=r"its folder is missing\. Restore the files in"):
        store_in(tmp_path).latest()


def test_a_checkpoint_that_replaces_one_of_the_same_step_is_never_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    removed: list[bool] = []
    remove = shutil.rmtree

    def watched(path: Path, **options: Any) -> None:
        removed.append(find_fault(tmp_path / checkpoint_name(1)) is None)
        remove(path, **options)

    monkeypatch.setattr("training.checkpoints.checkpoint.shutil.rmtree", watched)
    save(store, 1)
    assert removed == [True], "the old one goes when the new one is in place"
    assert not list(tmp_path.glob(f"{PARTIAL_PREFIX}*"))


def test_incomplete_files_of_a_killed_writer_are_removed_and_never_read(tmp_path: Path) -> None:
    (tmp_path / f"{PARTIAL_PREFIX}abc").mkdir()
    (tmp_path / f"{PARTIAL_PREFIX}abc" / "model.safetensors").write_bytes(b"half")
    store = store_in(tmp_path)
    assert store.latest() is None
    assert not list(tmp_path.glob(f"{PARTIAL_PREFIX}*"))


def test_the_newest_and_the_best_are_kept() -> None:
    names = [checkpoint_name(step) for step in (1, 2, 3, 10)]
    assert retained(names, best=names[0], keep_last=2) == [names[0], names[2], names[3]]
    assert retained(names, best=None, keep_last=1) == [names[3]]
    assert retained(names, best="gone", keep_last=9) == names


def test_a_best_checkpoint_is_deleted_once_there_is_a_better_one(tmp_path: Path) -> None:
    store = store_in(tmp_path, keep_last=1)
    save(store, 1, is_best=True)
    save(store, 2)
    assert {path.name for path in tmp_path.glob("step_*")} == {
        checkpoint_name(1),
        checkpoint_name(2),
    }
    save(store, 3, is_best=True)
    assert [path.name for path in tmp_path.glob("step_*")] == [checkpoint_name(3)]
    assert store.best() == checkpoint_name(3)


def test_a_full_disk_is_an_error_that_names_the_step_and_leaves_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    script = f"""
import resource, torch
from pathlib import Path
from typing import Any
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
store = CheckpointStore(root=Path({str(tmp_path)!r}), mirror=None, keep_last=2)
try:
    store.save({{"model": {{"w": torch.zeros(100_000)}}}}, {{}}, step=2, is_best=False)
except CheckpointError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert "The checkpoint of step 2 could not be written" in done.stdout
    assert "MiB are free" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {checkpoint_name(1), "index.json"}
    assert store.latest() == checkpoint_name(1)


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="Checkpoints cannot be written to"):
        store_in(tmp_path / "file" / "checkpoints")


def test_the_index_lists_the_retained_checkpoints(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    save(store, 1, is_best=True)
    index = json.loads((tmp_path / "index.json").read_text())
    assert index == {"kept": [checkpoint_name(1)], "best": checkpoint_name(1)}


def test_an_index_that_cannot_be_written_is_an_error_and_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    before = (tmp_path / "index.json").read_text()

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as during:
        during.setattr(Path, "write_text", full)
        with pytest.raises(CheckpointError, match="No space left"):
            store._write_index({})
    assert (tmp_path / "index.json").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.json", checkpoint_name(1)]


@pytest.mark.parametrize("content", ["", "{", "null", "[]", '{"best": 1}', "\0" * 40])
def test_an_index_that_a_power_cut_has_emptied_is_replaced_by_the_manifests(
    tmp_path: Path, content: str
) -> None:
    store = store_in(tmp_path)
    save(store, 1, is_best=True)
    save(store, 2)
    (tmp_path / "index.json").write_text(content)
    reopened = store_in(tmp_path)
    assert reopened.best() == checkpoint_name(1)
    assert reopened.latest() == checkpoint_name(2)
    save(reopened, 3)
    assert json.loads((tmp_path / "index.json").read_text()) == {
        "kept": [checkpoint_name(1), checkpoint_name(2), checkpoint_name(3)],
        "best": checkpoint_name(1),
    }


def test_a_best_checkpoint_counts_although_its_writer_died_before_it_wrote_the_index(
    tmp_path: Path,
) -> None:
    store = store_in(tmp_path)
    save(store, 1, is_best=True)
    index = (tmp_path / "index.json").read_text()
    save(store, 2, is_best=True)
    (tmp_path / "index.json").write_text(index)
    assert store_in(tmp_path).best() == checkpoint_name(2)


def test_the_best_checkpoint_is_that_of_the_training_which_is_resumed(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    save(store, 1, is_best=True)
    save(store, 2, is_best=True)
    (tmp_path / checkpoint_name(2) / "state.pt").write_bytes(b"cut")
    reopened = store_in(tmp_path)
    assert reopened.best() == checkpoint_name(2), "it is reported as damaged, not replaced"
    assert reopened.latest() == checkpoint_name(1)
    assert reopened.best() == checkpoint_name(1)
    save(reopened, 3)
    assert {path.name for path in tmp_path.glob("step_*")} == {
        checkpoint_name(1),
        checkpoint_name(3),
    }


@pytest.mark.parametrize(
    "manifest", ['{"files": {"a": 1}}', '{"files": []}', "[]", '{"files": {"a": {}}}']
)
def test_a_manifest_of_another_form_is_a_fault_and_no_traceback(
    tmp_path: Path, manifest: str
) -> None:
    store = store_in(tmp_path)
    save(store, 1)
    (tmp_path / checkpoint_name(1) / "checkpoint.json").write_text(manifest)
    with pytest.raises(CheckpointError, match=r"checkpoint\.json is missing or unreadable"):
        store_in(tmp_path).latest()
    with pytest.raises(CheckpointError, match="is missing or unreadable"):
        read_checkpoint(tmp_path / checkpoint_name(1))
