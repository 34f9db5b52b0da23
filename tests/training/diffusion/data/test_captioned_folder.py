"""Every file of a folder of captioned images has a fate."""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.diffusion.data.captioned import listed, picture, write_images
from tracking_plugin.data_roots import DataRoots
from training.data.listing import LeftOutReason
from training.diffusion.data.captioned_folder import CaptionRules, list_captioned
from training.diffusion.data.fates import Fate
from training.errors import DataError


def fates(root: Path, **rules: object) -> dict[str, object]:
    folder = listed(root, **rules)
    return {
        **{image.path: image.fate for image in folder.images},
        **{item.path: item.fate for item in folder.others},
    }


def test_captions_beside_images_are_read_and_every_file_is_counted(tmp_path: Path) -> None:
    write_images(
        tmp_path, {"a.png": "a drusen\n  on the left", "b/c.jpg": "\ufeffmacula", "d.png": ""}
    )
    (tmp_path / "README.txt").write_text("about")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "b/table.csv").write_text("")
    folder = listed(tmp_path)
    assert {image.path: image.caption for image in folder.images} == {
        "a.png": "a drusen on the left",
        "b/c.jpg": "macula",
        "d.png": "",
    }
    counts = Counter(
        [*(image.fate for image in folder.images), *(other.fate for other in folder.others)]
    )
    assert counts == {
        Fate.MATCHED: 2,
        Fate.EMPTY: 1,
        Fate.CAPTION: 3,
        LeftOutReason.OTHER_KIND: 2,
        LeftOutReason.HIDDEN: 1,
    }
    num_files = sum(len(files) for _, _, files in os.walk(tmp_path))
    assert sum(counts.values()) == num_files


@pytest.mark.parametrize("name", ["atxt", "a.TXT", "a.text", "a.caption", "a.png.txt"])
def test_a_caption_by_another_ending_is_misnamed_and_its_image_has_none(
    tmp_path: Path, name: str
) -> None:
    write_images(tmp_path, {"a.png": None})
    (tmp_path / name).write_text("x")
    assert fates(tmp_path) == {"a.png": Fate.NO_CAPTION, name: Fate.MISNAMED_CAPTION}


def test_a_caption_without_its_image_is_an_orphan(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x"})
    for name in ("b.txt", "c.TXT"):
        (tmp_path / name).write_text("x")
    (tmp_path / "dtxt").write_text("no image of this name, so no caption")
    found = fates(tmp_path)
    assert found["b.txt"] is found["c.TXT"] is Fate.ORPHAN_CAPTION
    assert found["dtxt"] is LeftOutReason.OTHER_KIND


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Drusen à gauche".encode("latin-1"), "not UTF-8"),
        ("Drusen".encode("utf-16"), "UTF-16"),
        (b"x" * 70_000, "longer than 65,536 bytes"),
    ],
)
def test_captions_that_cannot_be_read_say_why(tmp_path: Path, content: bytes, reason: str) -> None:
    write_images(tmp_path, {"a.png": None, "b.png": "x"})
    (tmp_path / "a.txt").write_bytes(content)
    folder = listed(tmp_path)
    (bad,) = [item for item in folder.others if item.fate is Fate.BAD_CAPTION]
    assert bad.path == "a.png"
    assert reason in bad.reason
    assert [image.path for image in folder.images] == ["b.png"]


def test_another_ending_is_used_with_or_without_its_dot(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": None})
    (tmp_path / "a.caption").write_text("words")
    for ending in ("caption", ".caption"):
        assert listed(tmp_path, ending=ending).images[0].caption == "words"


def test_captions_are_listed_in_metadata_and_the_file_beside_comes_first(tmp_path: Path) -> None:
    write_images(tmp_path, {"s/a.png": None, "s/b.png": "beside", "s/c.png": None})
    lines = [
        {"file_name": "a.png", "text": "listed"},
        {"file_name": "b.png", "text": "other"},
        {"file_name": "./c.png", "text": ""},
        {"file_name": "gone.png", "text": "x"},
        {"file_name": "a.png", "text": "again"},
    ]
    (tmp_path / "s/metadata.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    folder = listed(tmp_path)
    captions = {image.path: (image.caption, image.fate) for image in folder.images}
    assert captions == {
        "s/a.png": ("listed", Fate.LISTED),
        "s/b.png": ("beside", Fate.MATCHED),
        "s/c.png": ("", Fate.EMPTY),
    }
    assert folder.num_overruled == 1
    orphans = {item.reason for item in folder.others if item.fate is Fate.ORPHAN_CAPTION}
    assert orphans == {
        "line 4 of s/metadata.jsonl: there is no such image",
        "line 5 of s/metadata.jsonl: the second line",
    }


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"file_name": 3, "text": "x"}', "[" * 5000, '{"file_name": "a.png"}']
)
def test_a_wrong_line_of_metadata_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    write_images(tmp_path, {"a.png": None})
    good = json.dumps({"file_name": "a.png", "text": "x"})
    (tmp_path / "metadata.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(DataError, match=r"metadata.jsonl, line 2: expected JSON such as"):
        listed(tmp_path)


def test_images_without_a_caption_have_the_fixed_one(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": None, "b.png": "own"})
    images = listed(tmp_path, fixed="a fundus").images
    assert [(image.caption, image.fate) for image in images] == [
        ("a fundus", Fate.FIXED),
        ("own", Fate.MATCHED),
    ]
    assert listed(tmp_path, fixed="").images[0].caption == ""


def test_names_of_folders_give_repeats_and_captions(tmp_path: Path) -> None:
    write_images(tmp_path, {"10_sks eye/a.png": None, "3_b/x/c.png": "own", "other/d.png": "x"})
    images = listed(tmp_path, repeats_by_folder=True).images
    assert [(image.caption, image.repeats) for image in images] == [
        ("sks eye", 10),
        ("own", 3),
        ("x", 1),
    ]
    assert {image.repeats for image in listed(tmp_path, fixed="").images} == {1}
    (tmp_path / "other").rename(tmp_path / "0_x")
    with pytest.raises(DataError, match="folder 0_x says how often"):
        listed(tmp_path, repeats_by_folder=True)


def test_images_of_one_name_share_a_caption_and_are_counted(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x", "a.jpg": None, "b.png": "y"})
    folder = listed(tmp_path)
    assert [image.caption for image in folder.images] == ["x", "x", "y"]
    assert folder.num_shared_names == 2


def test_masks_are_beside_the_images_or_in_a_folder_of_their_own(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {"a.png": "x", "s/b.jpg": "y"})
    picture(9).convert("L").save(root / "a.mask.png")
    picture(9).convert("L").save(root / "c.mask.png")
    found = fates(root)
    assert found["a.mask.png"] is Fate.MASK
    assert found["c.mask.png"] is Fate.ORPHAN_MASK
    assert listed(root).images[0].mask == root / "a.mask.png"
    masks = write_images(tmp_path / "masks", {"s/b.png": None, "z.png": None})
    images = listed(root, masks=masks).images
    assert [image.mask for image in images] == [None, masks / "s/b.png"]
    assert fates(root, masks=masks)["z.png"] is Fate.ORPHAN_MASK
    with pytest.raises(DataError, match="no folder of masks"):
        listed(root, masks=tmp_path / "gone")


def test_links_out_of_the_allowed_folders_are_left_out(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {"a.png": "x"})
    write_images(tmp_path / "outside", {"b.png": "y"})
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "gone.png").symlink_to(root / "nowhere")
    folder = list_captioned(root, CaptionRules(), DataRoots((root,)))
    reasons = {item.path: item.fate for item in folder.others}
    assert reasons["link"] is LeftOutReason.FORBIDDEN_LINK
    assert reasons["gone.png"] is LeftOutReason.BROKEN_LINK
    assert [image.path for image in folder.images] == ["a.png"]


NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "s/", "10_x/"]),
    st.sampled_from(["a", "b", "A", "a.b", ".h", "readme", "ä", "atxt", "x\udcff"]),
    st.sampled_from(
        [
            *(".png", ".JPG", ".txt", ".TXT", ".text", "txt", "text", ".mask.png", ".Mask.PNG"),
            *("", ".", ".csv", ".png.txt", ".caption"),
        ]
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.sets(NAMES, max_size=12), by_folder=st.booleans())
def test_every_file_of_any_name_has_exactly_one_fate(
    tmp_path: Path, names: set[str], by_folder: bool
) -> None:
    names = {name for name in names if name.rpartition("/")[2] not in ("", ".")} | {"z.png"}
    root = Path(tempfile.mkdtemp(dir=tmp_path))
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x")
    folder = listed(root, repeats_by_folder=by_folder)
    found = [*(image.path for image in folder.images), *(item.path for item in folder.others)]
    assert sorted(found) == sorted(names)


def test_folders_without_an_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no image in"):
        listed(tmp_path)
    with pytest.raises(DataError, match="There is no data folder"):
        listed(tmp_path / "gone")
