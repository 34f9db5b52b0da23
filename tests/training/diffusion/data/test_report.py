"""The data report counts every file and names none; the names are in a private file."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from PIL import Image

from tests.training.diffusion.data.captioned import picture, scanned, write_images
from training.data.sampling import Shard
from training.diffusion.data.order import SampleOrder, StepPlan
from training.diffusion.data.report import data_report, report_lines, write_names
from training.diffusion.data.scan import ScannedData
from training.errors import DataError


def count_tokens(caption: str) -> tuple[int, str]:
    words = caption.split()
    return len(words), " ".join(words[3:])


def plan_of(data: ScannedData, epochs: int = 3) -> StepPlan:
    order = SampleOrder(
        buckets=[image.placement.bucket for image in data.images],
        repeats=[image.listed.repeats for image in data.images],
        batch_size=2,
        gradient_accumulation=2,
        shard=Shard(rank=0, world_size=1),
        seed=0,
    )
    return order.plan(epochs)


@pytest.fixture
def data(tmp_path: Path) -> ScannedData:
    root = write_images(
        tmp_path / "data",
        {"Doe_Jane.png": "one two three four five", "b.png": "", "c.png": "x", "d.png": None},
    )
    picture(7, (96, 64)).convert("RGBA").save(root / "c.png")
    shutil.copy(root / "Doe_Jane.png", root / "e.png")
    (root / "e.txt").write_text("retold")
    (root / "Roe_Rita.txt").write_text("x")
    exif = Image.Exif()
    exif[0x0112] = 3
    picture(8).save(root / "f.jpg", exif=exif)
    (root / "f.txt").write_text("x")
    return scanned(root, skip_bad_captions=True)


def test_the_report_has_every_count(data: ScannedData) -> None:
    report = data_report(data, plan_of(data), count_tokens)
    assert report["captions"] == {
        "beside": 4,
        "in_metadata": 0,
        "fixed": 0,
        "empty": 1,
        "missing": 1,
        "unreadable": 0,
        "without_image": 1,
        "misnamed": 0,
        "truncated": 1,
        "most_tokens": 5,
        "shared_by_images_of_one_name": 0,
        "beside_unlike_metadata": 0,
    }
    assert report["files"]["left_out"] == {
        "an image without a caption": 1,
        "a caption without its image": 1,
    }
    assert report["images"]["turned_by_exif"] == 1
    assert report["images"]["transparent_over_white"] == 1
    assert report["copies"]["images_that_are_copies"] == 1
    assert report["copies"]["groups_with_different_captions"] == 1
    assert report["steps"]["images"] == 5
    assert report["steps"]["steps_per_epoch"] == 2
    assert report["steps"]["total_steps"] == 6
    assert sum(bucket["total_steps"] for bucket in report["buckets"]) == 6
    first = report["list"][0]
    assert first["truncated"]
    assert first["tokens"] == 5
    assert first["name"] == data.images[0].facts.file_digest.hex()[:12]
    assert sum("copy_of" in image for image in report["list"]) == 1
    json.dumps(report, allow_nan=False)


def test_no_name_and_no_caption_is_in_the_report_or_its_lines(data: ScannedData) -> None:
    report = data_report(data, plan_of(data), count_tokens)
    shown = json.dumps(report) + "\n".join(report_lines(report))
    for secret in ("Doe", "Roe", "retold", "three", ".png"):
        assert secret not in shown


def test_the_lines_are_short_and_say_what_to_know(data: ScannedData) -> None:
    lines = report_lines(data_report(data, plan_of(data), count_tokens))
    text = "\n".join(lines)
    assert "Images: 5, with repeats 5 samples an epoch." in lines
    assert "Steps: 6, 2 an epoch, 4 samples each." in lines
    assert "1 x a caption without its image." in lines
    assert "Copies of another image, which weigh more: 1." in lines
    assert "Captions that are longer than the encoders read: 1; the longest has 5 tokens." in lines
    assert "buckets have fewer samples than a step" in text
    assert len(lines) < 20


def test_the_names_are_for_the_owner_alone(data: ScannedData, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "names.json"
    for _ in range(2):
        write_names(path, data, count_tokens)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    names = json.loads(path.read_text())
    assert names["images"][0]["path"] == "Doe_Jane.png"
    assert names["images"][0]["not_read_of_its_caption"] == "four five"
    assert "Roe_Rita.txt" in [item["path"] for item in names["others"]]
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="cannot be written"):
        write_names(path, data, count_tokens)
