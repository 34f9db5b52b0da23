"""Uploads are kept in memory or in private files, and the files of a killed service are removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from serving.errors import Reason, ServingError
from serving.server.spool import MEMORY_BYTES, Spool, SpooledFile, removed_files
from tests.small_disk import small_disk

DIES = """
import os, signal, sys
from pathlib import Path
from serving.server.spool import Spool, SpooledFile
spool = Spool(Path(sys.argv[1]), max_bytes=2**30)
spool.open()
file = SpooledFile(spool)
file.write(bytes(5 * 2**20))
file.content()
print(spool.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def opened(root: Path) -> Spool:
    spool = Spool(root, max_bytes=2**30)
    spool.open()
    return spool


def test_small_content_stays_in_memory(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    file = SpooledFile(spool)
    file.write(b"ab")
    file.write(b"c")

    assert file.content() == b"abc"
    assert [path.name for path in spool.folder.iterdir()] == ["lock"]


def test_large_content_is_written_in_order(tmp_path: Path) -> None:
    file = SpooledFile(opened(tmp_path / "spool"))
    parts = [bytes([number]) * (MEMORY_BYTES // 2) for number in range(5)]
    for part in parts:
        file.write(part)

    path = file.content()
    assert isinstance(path, Path)
    assert path.read_bytes() == b"".join(parts)
    file.remove()
    assert not path.exists()


def test_small_files_go_to_disk_once_they_fill_the_memory_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.server.spool.ALL_MEMORY_BYTES", 100)
    spool = opened(tmp_path / "spool")
    first, second, third = (SpooledFile(spool) for _ in range(3))
    first.write(b"x" * 80)
    second.write(b"y" * 10)
    second.write(b"y" * 20)

    assert first.content() == b"x" * 80
    path = second.content()
    assert isinstance(path, Path)
    assert path.read_bytes() == b"y" * 30
    first.remove()
    second.remove()
    third.write(b"z" * 100)
    assert third.content() == b"z" * 100


def test_the_files_of_a_killed_service_are_removed_at_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(root)], capture_output=True, text=True, check=False
    )
    left = Path(killed.stdout.strip())
    assert len(list(left.iterdir())) == 2
    spool = opened(root)

    assert not left.exists()
    spool.close()


def test_the_files_of_a_service_that_lives_and_those_of_others_stay(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    living = opened(root)
    (root / "photographs").mkdir()
    second = opened(root)

    assert living.folder.exists()
    assert living.folder != second.folder
    second.close()
    living.close()
    assert sorted(path.name for path in root.iterdir()) == ["lock", "photographs"]


def test_removed_files_give_their_bytes_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", max_bytes=100)
    spool.open()
    with removed_files() as files:
        files += [SpooledFile(spool), SpooledFile(spool)]
        files[0].write(b"x" * 80)
        with pytest.raises(ServingError) as refused:
            files[1].write(b"x" * 80)
    assert refused.value.reason is Reason.QUEUE_FULL

    SpooledFile(spool).write(b"x" * 100)


def test_a_full_disk_refuses_the_upload_and_says_what_to_do(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 6 * 1024) as disk:
        spool = opened(disk / "spool")
        with removed_files() as files:
            files.append(SpooledFile(spool))
            with pytest.raises(ServingError, match="FOVEA_SERVING_SPOOL_DIR") as refused:
                write_until_refused(files[0])
        assert refused.value.reason is Reason.QUEUE_FULL
        assert [path.name for path in spool.folder.iterdir()] == ["lock"]
        spool.close()


def write_until_refused(file: SpooledFile) -> None:
    for _ in range(8):
        file.write(bytes(2**20))
