"""A run's own images are recognised by their folder, however the folder is written."""

from pathlib import Path

import pytest

from training.recipes.images.data import SYNTHETIC_FOLDER, is_own_root


@pytest.mark.parametrize("name", ["", "photographs"])
def test_own_images_are_recognised_however_their_folder_is_written(
    tmp_path: Path, name: str
) -> None:
    own = tmp_path / (name or SYNTHETIC_FOLDER)
    own.mkdir()
    link = tmp_path / "link"
    link.symlink_to(own)
    data = str(own) if name else ""
    assert is_own_root(own, data, tmp_path)
    assert is_own_root(link, data, tmp_path)
    assert not is_own_root(tmp_path, data, tmp_path)


def test_images_that_are_gone_are_nobodys_own(tmp_path: Path) -> None:
    assert not is_own_root(tmp_path, str(tmp_path / "gone"), tmp_path)
