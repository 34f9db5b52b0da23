"""Held-out images share no patient and no copy with the training."""

import shutil
from pathlib import Path

import pytest

from tests.training.diffusion.data.captioned import scanned, write_images
from training.diffusion.data.held_out import held_out_images
from training.diffusion.data.scan import ScannedData
from training.errors import DataError


@pytest.fixture
def data(tmp_path: Path) -> ScannedData:
    root = write_images(tmp_path / "data", {f"{n:02d}.png": "x" for n in range(20)})
    for copy in (20, 21):
        shutil.copy(root / "03.png", root / f"{copy}.png")
        (root / f"{copy}.txt").write_text("x")
    return scanned(root)


def test_about_the_wanted_share_is_held_out_by_the_seed(data: ScannedData) -> None:
    found = held_out_images(data, 0.25, seed=0)
    assert 6 <= len(found) <= 8
    assert found == held_out_images(data, 0.25, seed=0)
    assert len({held_out_images(data, 0.25, seed=seed) for seed in range(5)}) > 1
    assert held_out_images(data, 0, seed=0) == frozenset()


def test_copies_and_images_of_one_patient_stay_together(data: ScannedData) -> None:
    patients = [number // 4 for number in range(22)]
    for seed in range(10):
        found = held_out_images(data, 0.3, seed, patients)
        assert {3, 20, 21} <= found or not {3, 20, 21} & found
        for patient in set(patients):
            own = {number for number in range(22) if patients[number] == patient}
            assert own <= found or not own & found


def test_one_group_cannot_be_split(data: ScannedData) -> None:
    with pytest.raises(DataError, match="cannot be held out"):
        held_out_images(data, 0.1, 0, [0] * 22)
