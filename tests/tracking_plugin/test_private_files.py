"""Folders and files that only their owner can read, and links that are not followed."""

import os
import stat
from pathlib import Path

import pytest

from tracking_plugin.private_files import UnsafeFileError, make_private_folder, open_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_its_owners_alone_also_if_it_existed(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.mkdir(mode=0o755)
    assert [mode(make_private_folder(each)) for each in (new, old)] == [0o700, 0o700]


def test_a_file_is_its_owners_alone_also_if_it_existed(tmp_path: Path) -> None:
    for name in ("new", "old"):
        path = tmp_path / name
        if name == "old":
            path.touch(mode=0o644)
        os.close(open_private(path, os.O_WRONLY | os.O_CREAT))
        assert mode(path) == 0o600


def test_neither_a_link_nor_a_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "folder").symlink_to(tmp_path)
    for path in (tmp_path / "link", tmp_path / "folder" / "secret"):
        with pytest.raises(UnsafeFileError, match="is a link"):
            open_private(path, os.O_RDONLY)
    with pytest.raises(UnsafeFileError, match="is a link"):
        make_private_folder(tmp_path / "folder")


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeFileError, match="no regular file"):
        open_private(tmp_path / "pipe", os.O_RDONLY)


def test_a_file_or_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(UnsafeFileError, match="another user"):
        make_private_folder(tmp_path / "folder")
    with pytest.raises(UnsafeFileError, match="another user"):
        open_private(tmp_path / "folder" / "file", os.O_RDONLY)


def test_a_missing_file_is_the_usual_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_private(tmp_path / "none", os.O_RDONLY)
