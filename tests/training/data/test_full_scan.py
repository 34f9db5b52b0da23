"""The command `scan` names every file that is left out or is in the data set twice."""

import shutil
from pathlib import Path

import pytest

from tests.training.data.images import make_folder
from training.__main__ import main


def test_left_out_files_and_copies_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_folder(tmp_path / "data")
    source = root / "train/Fundus_RAO/000.jpg"
    shutil.copy(source, root / "test/Fundus_RAO/copy.jpg")
    (root / "val/Fundus_RAO/note.txt").write_text("")
    (root / "val/Fundus_RAO/broken.jpg").write_bytes(b"")
    assert main(["scan", "--data", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "Images: train 12, val 6, test 7." in shown
    assert "left out: val/Fundus_RAO/note.txt (no image by its ending)" in shown
    assert "broken.jpg (an image that cannot be read: not an image of a known format" in shown
    assert "the same image: train/Fundus_RAO/000.jpg, test/Fundus_RAO/copy.jpg" in shown


def test_a_folder_without_splits_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", "--data", str(tmp_path)]) == 1
    assert "There is no data set in" in capsys.readouterr().err
