"""The folder of Ray's files: private, short enough for sockets, and gone once its process was killed."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tracking_plugin.ray_folder import (
    MAX_SOCKET_PATH_BYTES,
    FolderError,
    RayFolder,
    find_parent,
    has_room,
    has_room_for_multiprocessing,
    remove_dead_folders,
)
from tracking_plugin.ray_processes import FOLDER_VARIABLE

SLEEPS = "import time; print('started', flush=True); time.sleep(600)"
OWNS_A_FOLDER = f"""
import os, subprocess, sys, time
from tracking_plugin.ray_folder import RayFolder
folder = RayFolder()
left = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)"],
    env={{**os.environ, {FOLDER_VARIABLE!r}: str(folder.path)}},
    start_new_session=True,
)
print(folder.path, left.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def parent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder for temporary files, of this test alone."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder)


def test_only_its_owner_can_enter_it_whatever_ray_permits(parent: Path) -> None:
    folder = RayFolder()
    folder.temp_dir.mkdir()
    folder.temp_dir.chmod(0o777)
    assert folder.path.parent == parent
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    folder.remove()
    assert list(parent.iterdir()) == []


def test_a_folder_for_temporary_files_with_a_long_path_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.delenv("RAY_TMPDIR")
    assert find_parent({}) == Path("/tmp")
    assert not has_room(long)


def test_the_length_of_a_path_is_that_of_its_bytes() -> None:
    room = next(n for n in range(1, 100) if not has_room(Path("/" + "x" * n)))
    assert has_room(Path("/" + "x" * (room - 1)))
    assert not has_room(Path("/" + "é" * (room - 1)))


def test_the_longest_socket_of_ray_fits_into_the_longest_folder(parent: Path) -> None:
    # As Ray makes it: ray._private.node.Node.
    session = "session_2026-12-31_23-59-59_999999_4194304"
    room = next(n for n in range(1, 100) if not has_room(Path("/" + "x" * n)))
    name = len(RayFolder().temp_dir.name) + 1 + len("/fovea-ray-12345678")
    socket = room + name + len(f"/{session}/sockets/plasma_store")
    assert socket <= MAX_SOCKET_PATH_BYTES


def test_a_folder_that_is_named_but_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(FolderError, match=r"RAY_TMPDIR=/x+ is too long .* at most \d+ bytes"):
        find_parent({"RAY_TMPDIR": "/" + "x" * 80})


def test_a_folder_that_cannot_be_made_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/dev/null/no")
    with pytest.raises(FolderError, match=r"/dev/null/no .*RAY_TMPDIR"):
        RayFolder()


def test_after_a_kill_the_folder_and_its_processes_are_gone_with_the_next_start(
    parent: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNS_A_FOLDER], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        path, pid = owner.stdout.readline().split()
        left = psutil.Process(int(pid))
        remove_dead_folders()
        assert Path(path).is_dir(), "its owner lives"

        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert left.is_running()
        next_one = RayFolder()
        assert not Path(path).exists()
        assert not left.is_running()
        next_one.remove()


def test_a_folder_that_is_being_made_is_kept_and_one_left_unfinished_is_not(parent: Path) -> None:
    new, old = parent / "fovea-ray-new", parent / "fovea-ray-old"
    for folder in (new, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    remove_dead_folders()
    assert list(parent.iterdir()) == [new]


def test_neither_a_link_nor_the_folder_of_another_user_is_removed(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").touch()
    (parent / "fovea-ray-link").symlink_to(tmp_path)
    other = parent / "fovea-ray-other"
    other.mkdir()
    os.utime(other, (0, 0))
    monkeypatch.setattr(os, "geteuid", lambda: parent.stat().st_uid + 1)
    remove_dead_folders()
    assert other.exists()
    assert (tmp_path / "precious").exists()


def test_processes_of_ray_get_a_short_folder_for_their_sockets_in_place_of_a_long_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with closing_folder() as folder:
        temporary = Path(folder.variables()["TMPDIR"])
        assert temporary.is_dir()
        assert has_room_for_multiprocessing(temporary)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    with closing_folder() as folder:
        assert "TMPDIR" not in folder.variables()


@contextmanager
def closing_folder() -> Iterator[RayFolder]:
    folder = RayFolder()
    try:
        yield folder
    finally:
        folder.remove()
