"""Every file below a split is either an image of a class, or left out with its reason."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.listing import LeftOutReason, SplitListing, list_split
from training.errors import DataError

ANYWHERE = DataRoots(None)
DECOMPOSED, COMPOSED = "Re\u0301tine", "R\u00e9tine"


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("A", "B"):
        touch(tmp_path / "data/train" / name / "0.png")
    return tmp_path / "data"


def listed(root: Path, roots: DataRoots = ANYWHERE) -> SplitListing:
    return list_split(root, Split.TRAIN, roots)


def reasons(root: Path, roots: DataRoots = ANYWHERE) -> dict[str, LeftOutReason]:
    return {item.path: item.reason for item in listed(root, roots).left_out}


def test_images_are_listed_by_class_in_the_order_of_their_paths(root: Path) -> None:
    for name in ("p2/0.png", "p1/0.JPG", "p1/a/1.png"):
        touch(root / "train/A" / name)
    assert listed(root).images == {
        "A": [
            "train/A/0.png",
            "train/A/p1/0.JPG",
            "train/A/p1/a/1.png",
            "train/A/p2/0.png",
        ],
        "B": ["train/B/0.png"],
    }


@pytest.mark.parametrize(
    "name",
    [
        ".ipynb_checkpoints/0.png",
        "@eaDir/0.png/SYNOPHOTO_THUMB_M.png",
        "__MACOSX/0.png",
        "p1/.cache/0.png",
        "@Recycle/0.png",
        "$RECYCLE.BIN/0.png",
        "lost+found/0.png",
        "._0.png",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    ],
)
@pytest.mark.parametrize("folder", ["train/A", "train"])
def test_what_an_operating_system_makes_is_left_out(root: Path, name: str, folder: str) -> None:
    touch(root / folder / name)
    listing = listed(root)
    assert list(listing.images) == ["A", "B"]
    assert sum(map(len, listing.images.values())) == 2
    hidden = [item for item in listing.left_out if item.reason is LeftOutReason.HIDDEN]
    assert len(hidden) == 1


@pytest.mark.parametrize("suffix", ["ppm", "pgm", "gif", "jfif", "jp2", "PNG", "tiff", "bmp"])
def test_every_kind_that_can_be_decoded_is_an_image(root: Path, suffix: str) -> None:
    touch(root / f"train/A/x.{suffix}")
    assert f"train/A/x.{suffix}" in listed(root).images["A"]


def test_other_files_are_left_out_by_their_ending(root: Path) -> None:
    for name in ("A/x.dcm", "A/notes", "A/x.png.txt"):
        touch(root / "train" / name)
    assert set(reasons(root).values()) == {LeftOutReason.OTHER_KIND}
    assert len(reasons(root)) == 3


def test_files_outside_of_the_folders_of_classes_are_left_out(root: Path) -> None:
    touch(root / "train/x.png")
    assert reasons(root) == {"train/x.png": LeftOutReason.NO_CLASS}


def test_an_empty_folder_is_no_class(root: Path) -> None:
    (root / "train/C/p1").mkdir(parents=True)
    touch(root / "train/D/.DS_Store")
    assert list(listed(root).images) == ["A", "B"]
    assert reasons(root) == {
        "train/C": LeftOutReason.EMPTY_CLASS,
        "train/D": LeftOutReason.EMPTY_CLASS,
        "train/D/.DS_Store": LeftOutReason.HIDDEN,
    }


def test_a_class_of_which_no_file_can_be_read_is_refused(root: Path) -> None:
    touch(root / "train/C/p1/x.dcm")
    with pytest.raises(
        DataError, match=r"The class C of the split train has 1 files, but no image"
    ):
        listed(root)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    for number in range(3):
        touch(tmp_path / f"elsewhere/{number}.png")
    return tmp_path / "elsewhere"


def test_links_to_files_folders_and_classes_are_followed(root: Path, elsewhere: Path) -> None:
    (root / "train/A/p1").symlink_to(elsewhere)
    (root / "train/A/one.png").symlink_to(elsewhere / "0.png")
    (root / "train/C").symlink_to(elsewhere)
    counts = {name: len(paths) for name, paths in listed(root).images.items()}
    assert counts == {"A": 5, "B": 1, "C": 3}
    assert not reasons(root)


def test_links_out_of_the_allowed_folders_are_left_out(root: Path, elsewhere: Path) -> None:
    (root / "train/A/p1").symlink_to(elsewhere)
    (root / "train/A/one.png").symlink_to(elsewhere / "0.png")
    (root / "train/C").symlink_to(elsewhere)
    (root / "train/A/inside.png").symlink_to(root / "train/B/0.png")
    roots = DataRoots((root,))
    assert {name: len(paths) for name, paths in listed(root, roots).images.items()} == {
        "A": 2,
        "B": 1,
    }
    assert Counter(reasons(root, roots).values()) == {LeftOutReason.FORBIDDEN_LINK: 3}


def test_links_that_go_round_or_lead_nowhere_are_left_out(root: Path) -> None:
    (root / "train/A/loop").symlink_to(root / "train")
    (root / "train/A/own.png").symlink_to("own.png")
    (root / "train/A/gone.png").symlink_to("absent.png")
    found = reasons(root)
    assert found["train/A/own.png"] in (LeftOutReason.BROKEN_LINK, LeftOutReason.FORBIDDEN_LINK)
    assert found["train/A/gone.png"] is LeftOutReason.BROKEN_LINK
    assert LeftOutReason.LOOP in found.values()


def test_pipes_are_left_out(root: Path) -> None:
    os.mkfifo(root / "train/A/pipe.png")
    assert reasons(root) == {"train/A/pipe.png": LeftOutReason.NO_FILE}


def test_the_name_of_a_class_is_composed(root: Path) -> None:
    touch(root / "train" / DECOMPOSED / "0.png")
    assert COMPOSED in listed(root).images
    touch(root / "train" / COMPOSED / "0.png")
    with pytest.raises(DataError, match="two folders of the class"):
        listed(root)


def test_names_that_are_not_utf_8(root: Path) -> None:
    touch(Path(os.fsdecode(os.fsencode(root / "train/A") + b"/r\xe9tine.png")))
    assert "train/A/r\udce9tine.png" in listed(root).images["A"]
    touch(Path(os.fsdecode(os.fsencode(root / "train") + b"/r\xe9tine/0.png")))
    with pytest.raises(DataError, match=r"train/r\\xe9tine is not in UTF-8") as refused:
        listed(root)
    str(refused.value).encode()


def test_a_folder_that_cannot_be_read_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        listed(root)
