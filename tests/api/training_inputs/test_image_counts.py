"""The counts of images and captions are those of the files that a training would read."""

from pathlib import Path

import pytest

from api.training_inputs.folder_files import UncountedError, WalkLimits
from api.training_inputs.image_counts import ImageCounts, count_images
from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.listing import list_split

ANYWHERE = DataRoots(None)


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def counted(root: Path, roots: DataRoots = ANYWHERE) -> ImageCounts:
    return count_images(root, roots, WalkLimits())


def test_a_caption_belongs_to_the_image_of_its_folder_with_the_same_name(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "a.txt", "b.JPG", "b.caption", "c.webp", "README.txt", "notes.md")
    write(tmp_path, "deep/er/a.jpg", "deep/d.txt", ".hidden.png", "__MACOSX/a.png", "Thumbs.db")

    assert counted(tmp_path) == ImageCounts(num_images=4, num_captions=2, num_unmatched_captions=2)


def test_an_empty_folder_has_no_images(tmp_path: Path) -> None:
    assert counted(tmp_path) == ImageCounts(num_images=0, num_captions=0, num_unmatched_captions=0)


def test_links_count_where_they_may_be_followed_and_end(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    write(data, "a.png")
    write(outside, "b.png", "c.png")
    (data / "linked").symlink_to(outside)
    (data / "loop").symlink_to(data)
    (data / "broken.png").symlink_to(data / "nothing.png")

    assert counted(data).num_images == 3
    assert counted(data, DataRoots((data,))).num_images == 1


def test_as_many_images_are_counted_as_a_training_lists(tmp_path: Path) -> None:
    write(tmp_path, "train/a/1.png", "train/a/deep/2.tiff", "train/b/3.gif", "train/b/.4.png")
    write(tmp_path, "train/b/desktop.ini", "train/b/text.txt", "train/a/5.png")

    listed = list_split(tmp_path, Split.TRAIN, ANYWHERE).images
    assert counted(tmp_path).num_images == sum(map(len, listed.values())) == 4


def test_a_folder_with_too_many_entries_has_no_number(tmp_path: Path) -> None:
    write(tmp_path, *(f"{number}.png" for number in range(5)))

    assert count_images(tmp_path, ANYWHERE, WalkLimits(max_entries=5)).num_images == 5
    with pytest.raises(UncountedError, match="more than 4 files"):
        count_images(tmp_path, ANYWHERE, WalkLimits(max_entries=4))


def test_a_folder_that_takes_too_long_has_no_number(tmp_path: Path) -> None:
    write(tmp_path, *(f"{number}.png" for number in range(5)))
    times = iter(range(100))

    with pytest.raises(UncountedError, match="not read within 3 s"):
        count_images(tmp_path, ANYWHERE, WalkLimits(seconds=3, clock=lambda: next(times)))


def test_a_folder_that_goes_away_has_no_number(tmp_path: Path) -> None:
    with pytest.raises(UncountedError, match="cannot be read"):
        counted(tmp_path / "gone")
