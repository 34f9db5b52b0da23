"""The data folder is its owner's alone, unless it is shared on purpose."""

import os
import stat
from pathlib import Path

import pytest

from tracking_plugin.data_folder import make_data_folder, protect_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o755, 0o775, 0o777, 0o750])
def test_a_data_folder_is_its_owners_alone(tmp_path: Path, before: int | None) -> None:
    folder = tmp_path / "data"
    if before is not None:
        (folder / "logs").mkdir(parents=True)
        (folder / "rules.yaml").touch()
        folder.chmod(before)
    assert make_data_folder(folder) == folder
    assert mode(folder) == 0o700


def test_a_folder_that_a_group_shares_is_left_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o2770)
    make_data_folder(tmp_path)
    assert mode(tmp_path) == 0o2770
    assert not caplog.text

    tmp_path.chmod(0o2775)
    make_data_folder(tmp_path)
    assert mode(tmp_path) == 0o2775
    assert "chmod o-rwx" in caplog.text


def test_a_folder_that_holds_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pictures of the laboratory").mkdir()
    tmp_path.chmod(0o755)
    make_data_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_folder_of_another_user_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    make_data_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_file_is_taken_from_other_users_and_in_a_shared_folder_not_from_the_group(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mlflow.db"
    file.touch(mode=0o664)
    file.chmod(0o664)
    tmp_path.chmod(0o2770)
    protect_file(file)
    assert mode(file) == 0o660
    tmp_path.chmod(0o700)
    protect_file(file)
    assert mode(file) == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(mode=0o644)
    (tmp_path / "mlflow.db").symlink_to(tmp_path / "elsewhere")
    protect_file(tmp_path / "mlflow.db")
    protect_file(tmp_path / "none")
    assert mode(tmp_path / "elsewhere") == 0o644
