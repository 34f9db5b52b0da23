"""A generator is assessed by files of images: distances to held-out ones, and copies of train."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.runs.metric_catalog import METRIC_CATALOG
from tests.training.diffusion.quality.drawn_images import drawn, noisy, random_encoder
from training.data.decode import UnreadableImageError
from training.diffusion.quality.assessment import Assessment, PictureFiles, RealImages, assess
from training.diffusion.quality.features import Picture
from training.diffusion.quality.schema import Verdict


def files(root: Path, pictures: list[Picture]) -> PictureFiles:
    root.mkdir()
    paths = [f"{number:03d}.png" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(root / path)
    return PictureFiles(root, paths)


def test_copies_are_found_in_files_and_the_figures_have_names(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    train = drawn(20, seed=1)
    held_out = files(tmp_path / "held_out", drawn(40, seed=2))
    generated = [noisy(picture, random) for picture in train]
    found = assess(
        generated,
        RealImages(pictures=files(tmp_path / "train", train), patients=np.arange(20) // 2),
        # The first held-out image is of a patient of train.
        RealImages(pictures=held_out, patients=np.array([3, *range(100, 139)])),
        random_encoder(tmp_path),
    )
    assert found.memorisation.verdict is Verdict.MEMORISED
    assert (found.memorisation.num_copies, found.memorisation.num_left_out) == (20, 1)
    assert [distance.name for distance in found.distances] == ["kid", "cmmd", "fid"]
    metrics = found.metrics()
    assert {"quality/kid", "quality/kid_floor", "quality/cmmd", "quality/copies"} <= set(metrics)
    assert "quality/fid" not in metrics, "fewer images than features"
    assert all(METRIC_CATALOG.family_of(name) is not None for name in metrics)
    assert Assessment.model_validate_json(found.model_dump_json()) == found


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    pictures = files(tmp_path / "data", drawn(2, seed=1))
    (tmp_path / "data" / "001.png").write_bytes(b"no image")
    assert len(pictures[:1]) == 1
    with pytest.raises(UnreadableImageError, match=r"001\.png"):
        list(pictures)
