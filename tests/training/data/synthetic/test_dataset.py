"""The synthetic set is reproducible, complete or absent, and never replaces other files."""

import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.synthetic.dataset import MANIFEST, README, generate_dataset
from training.data.synthetic.pictures import (
    DESCRIPTION,
    DRAWABLE_CLASSES,
    Drawing,
    draw,
    draw_picture,
    watermark,
)
from training.errors import ConfigError, DataError
from training.taxonomies.taxonomy import Taxonomy, caasi_v6_1, taxonomy_for_folders

THREE_CLASSES = taxonomy_for_folders(["Fundus_Normal", "Fundus_RAO", "OCT_CSR"])
COUNTS = {"train": 3, "val": 2, "test": 1}


def generate(
    root: Path,
    *,
    taxonomy: Taxonomy = THREE_CLASSES,
    counts: dict[str, int] | None = None,
    image_size: int = 48,
    seed: int = 0,
) -> Path:
    return generate_dataset(
        root,
        taxonomy=taxonomy,
        images_per_class=COUNTS if counts is None else counts,
        image_size=image_size,
        seed=seed,
    )


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def inodes(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in root.rglob("*.jpg")}


def test_the_set_is_an_image_folder_of_all_28_classes(tmp_path: Path) -> None:
    root = generate(tmp_path / "set", taxonomy=caasi_v6_1())
    found = Counter(path.parent.relative_to(root) for path in root.rglob("*.jpg"))
    assert found == {
        Path(split, name): count for split, count in COUNTS.items() for name in caasi_v6_1().classes
    }
    with Image.open(root / "val" / "OCT_RAO" / "0001.jpg") as image:
        assert (image.size, image.mode) == ((48, 48), "RGB")


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    assert contents(generate(tmp_path / "a", seed=3)) == contents(generate(tmp_path / "b", seed=3))


def test_all_pictures_differ_within_and_between_seeds(tmp_path: Path) -> None:
    pictures = [
        path.read_bytes()
        for seed in (0, 1)
        for path in generate(tmp_path / str(seed), seed=seed).rglob("*.jpg")
    ]
    assert len(set(pictures)) == len(pictures) == 2 * 3 * sum(COUNTS.values())


def test_a_class_has_the_same_pictures_in_a_smaller_taxonomy(tmp_path: Path) -> None:
    whole = generate(tmp_path / "whole", taxonomy=caasi_v6_1(), counts={"val": 1})
    part = generate(tmp_path / "part", counts={"val": 1})
    picture = Path("val", "OCT_CSR", "0000.jpg")
    assert (whole / picture).read_bytes() == (part / picture).read_bytes()


def test_every_picture_says_that_it_was_drawn(tmp_path: Path) -> None:
    root = generate(tmp_path / "set")
    for path in root.rglob("*.jpg"):
        with Image.open(path) as image:
            assert image.info["comment"] == DESCRIPTION.encode()
            assert image.getexif()[0x010E] == DESCRIPTION
    assert (root / README).read_text().startswith(DESCRIPTION)


@pytest.mark.parametrize("size_px", [32, 128, 300])
@pytest.mark.parametrize("class_name", ["Fundus_Cataract_Suspected", "OCT_Normal"])
def test_the_watermark_is_in_the_lower_left_corner(class_name: str, size_px: int) -> None:
    picture = draw_picture(class_name, size_px, np.random.default_rng(0))
    mark = watermark(size_px)
    corner = picture.crop((0, size_px - mark.height, mark.width, size_px))
    assert corner.tobytes() == mark.tobytes()
    assert mark.getextrema()[0] == (0, 170)


def test_every_caasi_class_can_be_drawn() -> None:
    assert set(caasi_v6_1().classes) == DRAWABLE_CLASSES


def test_all_classes_differ_visibly_in_the_same_eye() -> None:
    pixels = {
        name: np.asarray(draw_picture(name, 64, np.random.default_rng(7)), np.int16)
        for name in DRAWABLE_CLASSES
    }
    for one, other in combinations(pixels, 2):
        changed = np.abs(pixels[one] - pixels[other]).max(axis=2) > 40
        assert changed.sum() >= 20, (one, other)


def test_fundus_is_orange_on_black_and_oct_is_grey() -> None:
    rng = np.random.default_rng(0)
    fundus = np.asarray(draw_picture("Fundus_Normal", 64, rng), float)
    oct_scan = np.asarray(draw_picture("OCT_Normal", 64, rng), float)
    red, green, blue = fundus[24:40, 24:40].mean(axis=(0, 1))
    assert red > green > blue
    assert fundus[:3, :3].max() < 20
    assert np.ptp(oct_scan, axis=2).max() == 0


def test_a_complete_set_is_reused(tmp_path: Path) -> None:
    root = generate(tmp_path / "set")
    before = inodes(root)
    assert generate(root) == root
    assert inodes(root) == before


@pytest.mark.parametrize(
    "damaged",
    [
        "train/OCT_CSR/0002.jpg",
        "test/Fundus_RAO/0000.jpg",
        "masks/val/OCT_CSR/0001.png",
        "masks/masks.json",
    ],
)
def test_a_set_with_a_missing_file_is_generated_again(tmp_path: Path, damaged: str) -> None:
    root = generate(tmp_path / "set")
    before = contents(root)
    (root / damaged).unlink()
    generate(root)
    assert contents(root) == before


@pytest.mark.parametrize("change", [{"seed": 1}, {"image_size": 40}, {"counts": {"train": 1}}])
def test_other_parameters_replace_a_synthetic_set(
    tmp_path: Path, change: dict[str, object]
) -> None:
    root = generate(tmp_path / "set")
    generate(root, **change)  # type: ignore[arg-type]
    assert contents(root) == contents(generate(tmp_path / "fresh", **change))  # type: ignore[arg-type]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


def test_a_killed_process_leaves_no_set_and_the_next_call_generates_it(tmp_path: Path) -> None:
    root = tmp_path / "set"
    program = f"""
import os, signal
from pathlib import Path
from training.data.synthetic import dataset
from training.taxonomies.taxonomy import taxonomy_for_folders
save = dataset.save_picture
def save_then_die(picture, path):
    save(picture, path)
    if path.name == "0001.jpg":
        os.kill(os.getpid(), signal.SIGKILL)
dataset.save_picture = save_then_die
dataset.generate_dataset(Path({str(root)!r}), taxonomy=taxonomy_for_folders({list(THREE_CLASSES.classes)}),
                         images_per_class={COUNTS}, image_size=48, seed=0)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not root.exists()
    assert list(tmp_path.rglob("0001.jpg"))

    fewer = {"train": 1, "val": 1}
    generate(root, counts=fewer)

    assert contents(root) == contents(generate(tmp_path / "fresh", counts=fewer))
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


@pytest.mark.parametrize("new_set_is_in_place", [False, True])
def test_a_set_is_replaced_after_an_earlier_replacement_was_killed(
    tmp_path: Path, new_set_is_in_place: bool
) -> None:
    root = generate(tmp_path / "set")
    root.rename(tmp_path / ".set.outdated")
    if new_set_is_in_place:
        generate(tmp_path / "new", seed=1).rename(root)
    generate(root, seed=2)
    assert contents(root) == contents(generate(tmp_path / "fresh", seed=2))
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


def test_two_concurrent_calls_generate_one_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_classes: list[str] = []

    def draw_and_count(class_name: str, size_px: int, rng: np.random.Generator) -> Drawing:
        drawn_classes.append(class_name)
        return draw(class_name, size_px, rng)

    monkeypatch.setattr("training.data.synthetic.dataset.draw", draw_and_count)
    with ThreadPoolExecutor(2) as pool:
        roots = list(pool.map(lambda _: generate(tmp_path / "set"), range(2)))
    assert roots == [tmp_path / "set"] * 2
    assert len(drawn_classes) == 3 * sum(COUNTS.values())


def test_a_folder_with_other_files_is_refused_and_not_changed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(DataError, match="holds other files"):
        generate(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"ten years"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    assert (generate(root) / MANIFEST).is_file()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(DataError, match=r"could not be written to .*file/set"):
        generate(blocker / "set")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"counts": {}}, "images_per_class"),
        ({"counts": {"train": 0}}, "images_per_class.train"),
        ({"counts": {"holdout": 2}}, "images_per_class.holdout"),
        ({"image_size": 31}, "image_size"),
        ({"image_size": 1025}, "image_size"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_bad_parameter_is_named(tmp_path: Path, change: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        generate(tmp_path / "set", **change)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_class_that_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Fundus_Dog"):
        generate(tmp_path / "set", taxonomy=taxonomy_for_folders(["Fundus_Normal", "Fundus_Dog"]))
