"""The Ray head of a data folder, found and trusted only while its own process holds the lock; without Ray itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.fake_head import start_fake_head
from tests.waiting import until
from tracking_plugin import ray_detached_head
from tracking_plugin.file_lock import is_locked, try_lock
from tracking_plugin.private_files import make_private_folder
from tracking_plugin.process_identity import identify
from tracking_plugin.ray_detached_head import (
    HeadFiles,
    HeadUse,
    find_head,
    open_head,
    stop_head,
)
from tracking_plugin.ray_head import HeadError
from tracking_plugin.ray_head_record import HeadRecord, read_record, write_record
from tracking_plugin.ray_head_supervisor import IdleTime


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_detached_head, "_RECORD_DEADLINE_S", 0.2)


@pytest.fixture
def files(tmp_path: Path) -> HeadFiles:
    files = HeadFiles(tmp_path / "data")
    make_private_folder(files.folder)
    return files


@pytest.fixture
def record() -> HeadRecord:
    """Of this process, which plays the supervisor."""
    me = identify(os.getpid())
    assert me is not None
    return HeadRecord(
        pid=me.pid,
        started=me.started,
        machine=me.machine,
        address="http://127.0.0.1:9",
        token="token",
    )


@pytest.fixture
def lock(files: HeadFiles) -> Iterator[int]:
    descriptor = try_lock(files.lock)
    assert descriptor is not None
    yield descriptor
    os.close(descriptor)


def found(data_dir: Path) -> HeadRecord:
    return until(lambda: find_head(data_dir), "the head")


def test_no_head_is_found_in_an_empty_folder_and_nothing_is_made(tmp_path: Path) -> None:
    assert find_head(tmp_path) is None
    assert not stop_head(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_head_is_found_as_long_as_its_lock_is_held(
    files: HeadFiles, record: HeadRecord, lock: int
) -> None:
    write_record(files.record, replace(record, address=""))
    assert find_head(files.data_dir) is None, "it starts or ends"
    write_record(files.record, record)
    assert find_head(files.data_dir) == record


def test_a_record_without_a_lock_is_not_trusted(files: HeadFiles, record: HeadRecord) -> None:
    write_record(files.record, record)
    assert find_head(files.data_dir) is None
    assert not stop_head(files.data_dir)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"machine": "another"}, "another machine or in another container"),
        ({"started": 1}, "no Ray head"),
    ],
)
def test_a_lock_of_another_process_than_the_recorded_one_is_an_error(
    files: HeadFiles, record: HeadRecord, lock: int, change: dict[str, object], message: str
) -> None:
    write_record(files.record, replace(record, **change))  # type: ignore[arg-type]
    with pytest.raises(HeadError, match=message):
        find_head(files.data_dir)
    with pytest.raises(HeadError, match=message):
        open_head(files.data_dir, idle_s=1)
    with pytest.raises(HeadError, match=message):
        stop_head(files.data_dir)


def test_a_folder_that_is_a_link_or_of_another_user_is_refused(
    files: HeadFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere).mkdir()
    (elsewhere / "ray").symlink_to(files.folder)
    with pytest.raises(HeadError, match="is a link"):
        open_head(elsewhere, idle_s=1)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(HeadError, match="another user"):
        open_head(files.data_dir, idle_s=1)


def has_ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_it_outlives_who_started_it_is_the_only_one_and_ends_when_told_to(files: HeadFiles) -> None:
    data_dir = files.data_dir
    assert start_fake_head(data_dir) == ray_detached_head.STARTED
    head = found(data_dir)
    supervisor = psutil.Process(head.pid)
    assert os.getsid(head.pid) == head.pid, "a session of its own"
    assert start_fake_head(data_dir) == ray_detached_head.TAKEN
    assert open_head(data_dir, idle_s=1) == head

    assert stop_head(data_dir)
    until(lambda: has_ended(supervisor), "the end of the supervisor")
    assert find_head(data_dir) is None
    assert not files.record.exists()
    assert "it was told to" in files.log.read_text()


def test_a_killed_supervisor_is_not_found_and_the_next_one_starts(files: HeadFiles) -> None:
    assert start_fake_head(files.data_dir) == ray_detached_head.STARTED
    first = found(files.data_dir)
    psutil.Process(first.pid).kill()
    until(lambda: not is_locked(files.lock), "the end of the supervisor")
    assert read_record(files.record) == first, "it left its record"
    assert find_head(files.data_dir) is None
    assert start_fake_head(files.data_dir) == ray_detached_head.STARTED
    assert found(files.data_dir) != first
    assert stop_head(files.data_dir)


def test_it_ends_with_its_owner(files: HeadFiles) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner:
        options = ("--owner-pid", str(owner.pid))
        assert start_fake_head(files.data_dir, *options, idle_s=0.1) == ray_detached_head.STARTED
        found(files.data_dir)
        owner.kill()
    until(lambda: not is_locked(files.lock), "the end of the head")
    start_fake_head(files.data_dir, *options)
    until(lambda: not is_locked(files.lock), "the end of a head whose owner had ended before")


def test_an_unused_head_ends_after_its_idle_time_only() -> None:
    idle = IdleTime(10, since_s=100)
    assert not idle.is_over(0, 109)
    assert idle.is_over(0, 110)
    assert not idle.is_over(1, 111), "a job runs"
    assert not idle.is_over(0, 120)
    assert not idle.is_over(None, 121), "its jobs are unknown"
    assert not idle.is_over(0, 130)
    assert idle.is_over(0, 131)
    assert IdleTime(0, since_s=0).is_over(0, 0)


def test_a_head_that_ends_as_idle_waits_for_servers_that_use_it(files: HeadFiles) -> None:
    first, second = HeadUse(files.data_dir), HeadUse(files.data_dir)
    assert try_lock(files.use) is None
    first.end()
    assert try_lock(files.use) is None
    second.end()
    ending = try_lock(files.use)
    assert ending is not None
    os.close(ending)


def test_a_head_that_does_not_start_says_why(
    files: HeadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/dev/null/nowhere")
    with pytest.raises(HeadError, match=r"did not start(?s:.*)/dev/null/nowhere"):
        open_head(files.data_dir, idle_s=1)


def test_a_record_is_no_more_than_its_fields(
    files: HeadFiles, record: HeadRecord, lock: int
) -> None:
    write_record(files.record, record)
    files.record.write_text(json.dumps({"pid": os.getpid(), "more": 1}))
    assert find_head(files.data_dir) is None
