"""Archives of images: their classes and splits are found, and they are unpacked within limits."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from training.tables.errors import TableError
from training.tables.inspect.image_archive import image_archive
from training.tables.inspect.unpacking import unpack_images
from training.tables.limits import DEFAULT_LIMITS


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def pictures(*folders: str, num: int = 4) -> dict[str, bytes]:
    return {
        f"{folder}/{number}.png": f"{folder}{number}".encode()
        for folder in folders
        for number in range(num)
    }


def files_in(folder: Path) -> dict[str, int]:
    parents = [it.parent.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file()]
    return {name: parents.count(name) for name in sorted(set(parents))}


def test_splits_in_the_archive_are_kept(tmp_path: Path) -> None:
    names = [f"set/{split}/{name}" for split in ("train", "Validation", "test") for name in "ab"]
    path = archive(tmp_path / "x.zip", pictures(*names))

    unpack_images(path, tmp_path / "images", DEFAULT_LIMITS)

    assert files_in(tmp_path / "images") == {
        f"{split}/{name}": 4 for split in ("train", "val", "test") for name in "ab"
    }


def test_copies_of_an_image_stay_in_one_split(tmp_path: Path) -> None:
    copies = {f"a/copy{number}.png": b"the same" for number in range(9)}
    path = archive(tmp_path / "x.zip", {**copies, **pictures("a", "b", num=10)})

    unpack_images(path, tmp_path / "images", DEFAULT_LIMITS)

    places = {
        it.parent for it in (tmp_path / "images").rglob("*.png") if it.read_bytes() == b"the same"
    }
    assert len(places) == 1


def test_names_from_windows_and_nested_folders_have_places_of_their_own(tmp_path: Path) -> None:
    files = pictures("a", "b") | {"a\\left\\0.png": b"1", "a/right/0.png": b"2", "a/.x.png": b"3"}
    path = archive(tmp_path / "x.zip", files)

    found = unpack_images(path, tmp_path / "images", DEFAULT_LIMITS)

    assert sum(found["num_images"].values()) == 10


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "at least two classes"),
        (["train/a", "train/b", "val/a", "val/b"], "none in 'test'"),
        (["train/a", "val/a", "test/a", "b"], "has both"),
    ],
)
def test_archives_without_what_a_training_needs_are_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    path = archive(tmp_path / "x.zip", pictures(*names))
    with pytest.raises(TableError, match=message):
        image_archive(path, DEFAULT_LIMITS)


def test_an_archive_that_is_larger_than_it_claims_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", pictures("a", "b") | {"a/large.png": bytes(5000)})
    content = path.read_bytes().replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    path.write_bytes(content)

    with pytest.raises(TableError):
        unpack_images(path, tmp_path / "images", replace(DEFAULT_LIMITS, max_inflated_bytes=3000))
