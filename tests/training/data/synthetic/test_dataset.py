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

from training.data.synthetic.dataset import MANIFEST, README, draw_dataset
from training.data.synthetic.pictures import DESCRIPTION, DRAWABLE_CLASSES, draw_picture, drawn_mark
from training.errors import ConfigError, DataError
from training.taxonomies.taxonomy import Taxonomy, caasi_v6_1, taxonomy_for_folders

FEW = taxonomy_for_folders(["Fundus_Normal", "Fundus_RAO", "OCT_CSR"])
COUNTS = {"train": 3, "val": 2, "test": 1}


def draw(
    root: Path,
    *,
    taxonomy: Taxonomy = FEW,
    counts: dict[str, int] | None = None,
    image_size: int = 48,
    seed: int = 0,
) -> Path:
    return draw_dataset(
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


def test_it_is_an_image_folder_of_all_28_classes(tmp_path: Path) -> None:
    root = draw(tmp_path / "set", taxonomy=caasi_v6_1())
    found = Counter(path.parent.relative_to(root) for path in root.rglob("*.jpg"))
    assert found == {
        Path(split, name): count for split, count in COUNTS.items() for name in caasi_v6_1().classes
    }
    with Image.open(root / "val" / "OCT_RAO" / "0001.jpg") as image:
        assert (image.size, image.mode) == ((48, 48), "RGB")


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    assert contents(draw(tmp_path / "a", seed=3)) == contents(draw(tmp_path / "b", seed=3))


def test_no_two_pictures_are_equal_within_or_between_seeds(tmp_path: Path) -> None:
    pictures = [
        path.read_bytes()
        for seed in (0, 1)
        for path in draw(tmp_path / str(seed), seed=seed).rglob("*.jpg")
    ]
    assert len(set(pictures)) == len(pictures) == 2 * 3 * sum(COUNTS.values())


def test_a_class_keeps_its_pictures_in_a_smaller_taxonomy(tmp_path: Path) -> None:
    whole = draw(tmp_path / "whole", taxonomy=caasi_v6_1(), counts={"val": 1})
    part = draw(tmp_path / "part", counts={"val": 1})
    picture = Path("val", "OCT_CSR", "0000.jpg")
    assert (whole / picture).read_bytes() == (part / picture).read_bytes()


def test_every_picture_says_that_it_was_drawn(tmp_path: Path) -> None:
    root = draw(tmp_path / "set")
    for path in root.rglob("*.jpg"):
        with Image.open(path) as image:
            assert image.info["comment"] == DESCRIPTION.encode()
            assert image.getexif()[0x010E] == DESCRIPTION
    assert (root / README).read_text().startswith(DESCRIPTION)


@pytest.mark.parametrize("size_px", [32, 128, 300])
@pytest.mark.parametrize("class_name", ["Fundus_Cataract_Suspected", "OCT_Normal"])
def test_the_mark_is_in_the_corner_of_the_pixels(class_name: str, size_px: int) -> None:
    picture = draw_picture(class_name, size_px, np.random.default_rng(0))
    mark = drawn_mark(size_px)
    corner = picture.crop((0, size_px - mark.height, mark.width, size_px))
    assert corner.tobytes() == mark.tobytes()
    assert mark.getextrema()[0] == (0, 170)


def test_every_caasi_class_can_be_drawn() -> None:
    assert set(caasi_v6_1().classes) == DRAWABLE_CLASSES


def test_every_class_differs_from_every_other_in_the_same_eye() -> None:
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


def test_a_whole_set_is_reused(tmp_path: Path) -> None:
    root = draw(tmp_path / "set")
    before = inodes(root)
    assert draw(root) == root
    assert inodes(root) == before


@pytest.mark.parametrize("damaged", ["train/OCT_CSR/0002.jpg", "test/Fundus_RAO/0000.jpg"])
def test_a_set_with_a_picture_missing_is_drawn_again(tmp_path: Path, damaged: str) -> None:
    root = draw(tmp_path / "set")
    before = contents(root)
    (root / damaged).unlink()
    draw(root)
    assert contents(root) == before


@pytest.mark.parametrize("change", [{"seed": 1}, {"image_size": 40}, {"counts": {"train": 1}}])
def test_other_parameters_replace_a_drawn_set(tmp_path: Path, change: dict[str, object]) -> None:
    root = draw(tmp_path / "set")
    draw(root, **change)  # type: ignore[arg-type]
    assert contents(root) == contents(draw(tmp_path / "fresh", **change))  # type: ignore[arg-type]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


def test_a_kill_in_the_middle_leaves_no_set_and_the_next_call_draws_it(tmp_path: Path) -> None:
    root = tmp_path / "set"
    program = f"""
import os, signal
from pathlib import Path
from training.data.synthetic import dataset as drawn
from training.taxonomies.taxonomy import taxonomy_for_folders
save = drawn.save_picture
def save_then_die(picture, path):
    save(picture, path)
    if path.name == "0001.jpg":
        os.kill(os.getpid(), signal.SIGKILL)
drawn.save_picture = save_then_die
drawn.draw_dataset(Path({str(root)!r}), taxonomy=taxonomy_for_folders({list(FEW.classes)}),
                   images_per_class={COUNTS}, image_size=48, seed=0)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not root.exists()
    assert list(tmp_path.rglob("0001.jpg"))

    fewer = {"train": 1, "val": 1}
    draw(root, counts=fewer)

    assert contents(root) == contents(draw(tmp_path / "fresh", counts=fewer))
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


@pytest.mark.parametrize("had_moved_in", [False, True])
def test_a_kill_while_replacing_does_not_stand_in_the_way(
    tmp_path: Path, had_moved_in: bool
) -> None:
    root = draw(tmp_path / "set")
    root.rename(tmp_path / ".set.outdated")
    if had_moved_in:
        draw(tmp_path / "new", seed=1).rename(root)
    draw(root, seed=2)
    assert contents(root) == contents(draw(tmp_path / "fresh", seed=2))
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"set", "fresh"}


def test_two_who_ask_together_get_one_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_names: list[str] = []

    def draw_and_count(class_name: str, size_px: int, rng: np.random.Generator) -> Image.Image:
        drawn_names.append(class_name)
        return draw_picture(class_name, size_px, rng)

    monkeypatch.setattr("training.data.synthetic.dataset.draw_picture", draw_and_count)
    with ThreadPoolExecutor(2) as pool:
        roots = list(pool.map(lambda _: draw(tmp_path / "set"), range(2)))
    assert roots == [tmp_path / "set"] * 2
    assert len(drawn_names) == 3 * sum(COUNTS.values())


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(DataError, match="holds other files"):
        draw(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"ten years"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    assert (draw(root) / MANIFEST).is_file()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(DataError, match=r"Expected to draw .*file/set"):
        draw(blocker / "set")


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
        draw(tmp_path / "set", **change)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_class_without_a_painter_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Fundus_Dog"):
        draw(tmp_path / "set", taxonomy=taxonomy_for_folders(["Fundus_Normal", "Fundus_Dog"]))
