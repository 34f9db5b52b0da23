"""The file of a log: its lines by attempt, its permissions, and links that are not followed."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from api.jobs.log_file import LogFile
from tracking_plugin.private_files import UnsafeFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "run.log"


def test_lines_are_kept_for_their_owner_alone(path: Path) -> None:
    LogFile(path).append(["one", "two"])
    LogFile(path).append(["three"])
    assert LogFile(path).tail(2) == ["two", "three"]
    assert path.read_text() == "one\ntwo\nthree\n"
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
    assert modes == [0o600, 0o700]


def test_a_file_that_others_could_read_is_protected(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    LogFile(path).append(["one"])
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
    assert modes == [0o600, 0o700]


def test_lines_are_counted_by_attempt(path: Path) -> None:
    file = LogFile(path)
    assert [file.num_lines(1), file.num_lines(2)] == [0, None]
    file.begin(1)
    file.append(["one", "", "a\rbar"])
    assert [file.num_lines(1), file.num_lines(2)] == [3, None]
    file.begin(2)
    assert file.num_lines(2) == 0
    file.append(["two"])
    assert [file.num_lines(2), file.num_lines(3)] == [1, None]
    assert file.tail(2) == ["--- attempt 2 ---", "two"]


@pytest.mark.parametrize("whole", ["", "one\n", "x" * 200_000 + "\n"])
def test_half_a_line_of_a_killed_server_is_written_anew(path: Path, whole: str) -> None:
    path.parent.mkdir()
    path.write_text(f"{whole}tw")
    file = LogFile(path)
    assert file.num_lines(1) == whole.count("\n")
    file.append(["two"])
    assert path.read_text() == f"{whole}two\n"


def test_a_file_of_the_largest_size_gets_no_more_lines(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.log_file.MAX_FILE_BYTES", 5)
    file = LogFile(path)
    for line in ("one", "two", "three"):
        file.append([line])
    assert file.tail(9) == ["one", "two"]


@pytest.mark.parametrize(
    "use",
    [
        lambda file: file.tail(1),
        lambda file: file.append(["one"]),
        lambda file: file.num_lines(1),
        lambda file: file.require_safe(),
    ],
)
def test_neither_a_link_nor_a_pipe_nor_a_linked_folder_is_opened(
    path: Path, tmp_path: Path, use: Callable[[LogFile], object]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    path.parent.mkdir()
    path.symlink_to(secret)
    os.mkfifo(path.with_name("pipe.log"))
    (tmp_path / "linked").symlink_to(tmp_path)
    for each in (path, path.with_name("pipe.log"), tmp_path / "linked" / "secret"):
        with pytest.raises(UnsafeFileError):
            use(LogFile(each))
    assert secret.read_text() == "secret\n"


@pytest.mark.parametrize("limit", [1, 2, 3, 1000, 10_000])
@pytest.mark.parametrize("rest", ["", "half a line"])
def test_the_newest_lines_are_those_at_the_end_of_a_long_file(
    path: Path, limit: int, rest: str
) -> None:
    lines = [f"line {number} {'é' * (number % 200)}" for number in range(3000)]
    LogFile(path).append(lines)
    with path.open("a") as file:
        file.write(rest)

    assert LogFile(path).tail(limit) == [*lines, *([rest] if rest else [])][-limit:]


def test_an_empty_file_has_no_lines(path: Path) -> None:
    LogFile(path).append([])
    assert LogFile(path).tail(5) == []
