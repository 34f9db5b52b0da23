"""Train on synthetic images, test on real ones: two classifiers, one test set, and no copies of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.data.images import make_folder
from tests.training.program import Program
from tests.training.ranks import lone_process
from training.config import Split
from training.diffusion.quality.tstr_config import TstrConfig
from training.diffusion.quality.tstr_data import find_tstr_data
from training.diffusion.quality.tstr_scores import compare_classifiers
from training.diffusion.quality.tstr_training import epochs_for
from training.errors import ConfigError, DataError
from training.evaluation.scoring import Predictions
from training.settings import TrainingSettings

CLASSES = ("Fundus_Normal", "Fundus_RAO")


def shaded(path: Path, *, share: float, seed: int) -> None:
    """A picture whose class is the side that is bright."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 120, (40, 40, 3), dtype=np.uint8)
    pixels[:, : round(40 * share)] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def image_set(root: Path, splits: dict[str, int], *, seed: int, swapped: bool = False) -> Path:
    for split, count in splits.items():
        for place, name in enumerate(CLASSES):
            for number in range(count):
                key = seed * 1000 + list(Split).index(Split(split)) * 200 + place * 100 + number
                share = 0.8 if bool(place) != swapped else 0.3
                path = root / split / name / f"p{number // 2:02d}_{number}.png"
                shaded(path, share=share, seed=key)
    return root


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tstr")
    real = image_set(root / "real", {"train": 12, "test": 10}, seed=1)
    return image_set(root / "synthetic", {"train": 16}, seed=2), real


def config(synthetic: Path, real: Path, **settings: object) -> TstrConfig:
    return TstrConfig.parse({"synthetic": str(synthetic), "real": str(real), **settings})


def test_the_command_compares_both_classifiers_and_records_the_scores(
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    synthetic, real = folders
    program = Program(tmp_path)
    arguments = (
        *("tstr", "--synthetic", str(synthetic), "--real", str(real), "--epochs", "3"),
        *("--backbone", "test_resnet", "--image-size", "32", "--batch-size", "4", "--seed", "1"),
        *("--num-resamples", "200", "--patient-pattern", r"^(p\d+)_"),
    )
    assert program.run_here(monkeypatch, *arguments) == 0
    run = program.only_run()
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FINISHED", "completed")
    scores = program.json_artifact(run.info.run_id, "tstr/scores.json")
    assert scores["real"]["steps"] == 18
    assert scores["synthetic"]["steps"] == 16, "as many steps, in whole passes"
    assert (scores["num_test_images"], scores["num_test_patients"]) == (20, 5)
    accuracy = scores["metrics"]["accuracy"]
    assert accuracy["difference"]["value"] == pytest.approx(
        accuracy["synthetic"]["value"] - accuracy["real"]["value"]
    )
    assert run.data.metrics["tstr_real/accuracy"] == accuracy["real"]["value"]
    assert run.data.metrics["tstr_difference/accuracy"] == accuracy["difference"]["value"]
    assert run.data.params["backbone"] == "test_resnet"
    assert set(scores["real"]["recall"]) == set(CLASSES)
    printed = capsys.readouterr().out
    assert "95 % intervals by patients" in printed
    assert scores["conclusion"] in printed


def test_a_set_that_does_not_fit_ends_the_run_with_the_reason(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(tmp_path)
    real = make_folder(tmp_path / "other", {"train": 2, "test": 2})
    arguments = ("tstr", "--synthetic", str(folders[0]), "--real", str(real))
    assert program.run_here(monkeypatch, *arguments) == 1
    run = program.only_run()
    assert run.info.status == "FAILED"
    assert "it lacks OCT_Normal" in run.data.tags["fovea.message"]


def test_copies_of_test_images_are_left_out_whatever_their_flip_and_brightness(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    synthetic, real = (shutil.copytree(each, tmp_path / each.name) for each in folders)
    name = CLASSES[0]
    scored = sorted((real / "test" / name).iterdir())
    shutil.copy(scored[0], synthetic / "train" / name / "exact.png")
    pixels = np.asarray(Image.open(scored[1])).astype(float)
    Image.fromarray(pixels[:, ::-1].astype(np.uint8)).save(
        synthetic / "train" / name / "mirrored.png"
    )
    Image.fromarray((pixels * 0.9 + 5).astype(np.uint8)).save(
        synthetic / "train" / name / "darker.png"
    )
    shutil.copy(scored[2], real / "train" / name / "leak.png")
    data = find_tstr_data(config(synthetic, real), lone_process())
    kept = data.synthetic.data.folder.splits[Split.TRAIN].paths
    assert not {"exact.png", "mirrored.png", "darker.png"} & {Path(path).name for path in kept}
    assert (data.synthetic.num_copies, data.synthetic.num_images) == (3, 32)
    assert (data.real.num_copies, data.real.num_images) == (1, 24)
    assert len(data.test.folder.splits[Split.TEST]) == 20


def test_training_images_of_test_patients_are_counted(folders: tuple[Path, Path]) -> None:
    settings = config(*folders, patient_pattern=r"^(p\d+)_")
    data = find_tstr_data(settings, lone_process())
    # Patients p00 to p04 have test images, and p00 to p05 have training images.
    assert data.num_of_test_patients == 20
    assert data.test_patients is not None
    assert sorted(set(data.test_patients.tolist())) == [0, 1, 2, 3, 4]


def test_classes_that_differ_are_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    synthetic = shutil.copytree(folders[0], tmp_path / "synthetic")
    (synthetic / "train" / CLASSES[1]).rename(synthetic / "train" / "Fundus_Drusen")
    with pytest.raises(DataError, match=f"it lacks {CLASSES[1]}; only it has Fundus_Drusen"):
        find_tstr_data(config(synthetic, folders[1]), lone_process())


def test_settings_that_lack_a_folder_are_refused(tmp_path: Path) -> None:
    from tracking_plugin.data_roots import DataRoots  # noqa: PLC0415

    with pytest.raises(ConfigError, match="real: name the folder of the real images with --real"):
        TstrConfig.parse({"synthetic": str(tmp_path)}).require_complete(DataRoots(None))
    with pytest.raises(ConfigError, match="FOVEA_DATA_ROOTS"):
        config(tmp_path, tmp_path).require_complete(DataRoots((tmp_path / "data",)))
    assert TrainingSettings().data_roots is None


def predictions(num_wrong: int, num_images: int = 60) -> Predictions:
    targets = torch.arange(num_images) % 2
    called = targets.clone()
    called[:num_wrong] = 1 - called[:num_wrong]
    return Predictions(logits=torch.nn.functional.one_hot(called, 2) * 4.0, targets=targets)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(30, "is less accurate on real ones"), (5, "Not shown to differ"), (4, "Not shown to differ")],
)
def test_the_difference_is_that_of_pairs(wrong: int, words: str) -> None:
    metrics, conclusion = compare_classifiers(
        predictions(wrong), predictions(4), groups=None, num_resamples=400, seed=0
    )
    accuracy = metrics["accuracy"]
    assert accuracy.difference.value == pytest.approx((4 - wrong) / 60)
    assert words in conclusion
    assert accuracy.difference.interval is not None
    assert accuracy.real.interval is not None
    low, high = accuracy.difference.interval
    if wrong == 4:
        assert (low, high) == (0, 0), "the same predictions differ in no resample"
    if wrong == 5:
        width = accuracy.real.interval[1] - accuracy.real.interval[0]
        assert high - low < width, "the images that both have wrong cancel"


def test_one_patient_is_too_few() -> None:
    _, conclusion = compare_classifiers(
        predictions(3),
        predictions(4),
        groups=torch.zeros(60, dtype=torch.int64),
        num_resamples=100,
        seed=0,
    )
    assert conclusion.startswith("Unknown")


def test_a_larger_set_gets_fewer_passes() -> None:
    assert epochs_for(100, 80, 8) == 10
    assert epochs_for(100, 8000, 8) == 1
    assert epochs_for(10, 8000, 8) == 1
