"""`fit` and `evaluate` of the segmentation recipe as a user runs them, and the model that they register."""

from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from mlflow.entities import Run
from PIL import Image
from safetensors.torch import load_file

from tests.training.data.masked_images import MASK_CLASSES, make_masked_folder
from tests.training.program import Program
from training.config import Split
from training.data.augmentation import normalise
from training.data.decode import decode_image
from training.data.framing import Framing
from training.data.mask_folder import read_mask
from training.data.synthetic.structures import Structure
from training.recipes.segmentation.network import (
    NetworkConfig,
    SegmentationNetwork,
    class_map,
)

TINY = (
    *("--recipe", "segmentation", "--launcher", "single", "--preset", "small"),
    *("--encoder", "test_vit", "--decoder-width", "16", "--image-size", "32"),
    *("--batch-size", "4", "--epochs", "2"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("trained"))
    data = make_masked_folder(program.root / "data", {"train": 4, "val": 2, "test": 2})
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert program.run_here(monkeypatch, "fit", "--data", str(data), *TINY) == 0
        run_id = program.only_run().info.run_id
        arguments = ("--run-id", run_id, "--num-resamples", "100")
        assert program.run_here(monkeypatch, "evaluate", *arguments) == 0
    return program


@pytest.fixture
def run(trained: Program) -> Run:
    return trained.only_run()


def test_a_run_has_the_metrics_of_each_class_and_a_picture(trained: Program, run: Run) -> None:
    assert (run.info.status, run.data.tags["fovea.recipe"]) == ("FINISHED", "segmentation")
    expected = {"train/loss", "val/loss", "val/dice_macro", "val/iou_macro"}
    expected |= {f"per_class_dice/{name}" for name in MASK_CLASSES[1:]}
    assert expected <= set(run.data.metrics)
    assert not [name for name in run.data.metrics if name.startswith("per_class/")]
    images = [item.path for item in trained.client.list_artifacts(run.info.run_id, "images")]
    assert any("segmentation" in path for path in images)
    evaluation = trained.json_artifact(run.info.run_id, "epochs/0002/evaluation.json")
    assert evaluation["classes"] == list(MASK_CLASSES)


def test_the_test_split_is_scored_with_intervals_and_a_report(trained: Program, run: Run) -> None:
    assert {"test/dice_macro", "test_per_class_iou/Bar", "test/skipped_images"} <= set(
        run.data.metrics
    )
    scores = trained.json_artifact(run.info.run_id, "evaluation/test/scores.json")
    assert [entry["name"] for entry in scores["classes"]] == list(MASK_CLASSES)
    low, high = scores["metrics"]["dice_macro"]["interval"]
    assert low <= run.data.metrics["test/dice_macro"] <= high
    assert scores["seen_images"] == {"trained_on": 0, "chosen_with": 0}
    uri = f"{run.info.artifact_uri}/evaluation/test/clinical_report.html"
    page = Path(mlflow.artifacts.download_artifacts(uri)).read_text()
    assert run.info.run_id in page
    assert "Bar" in page


def test_the_registered_model_is_rebuilt_from_its_settings_and_draws_the_same_maps(
    trained: Program,
) -> None:
    mlflow.set_tracking_uri(trained.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/fovea-segmentation/1")
    folder = Path(mlflow.artifacts.download_artifacts("models:/fovea-segmentation/1"))
    assert not list(folder.rglob("*.pkl"))
    config = model.model_config
    network = SegmentationNetwork(
        NetworkConfig(
            encoder=config["encoder"],
            options=config["options"],
            decoder_width=config["decoder_width"],
            num_classes=len(config["mask_classes"]),
        )
    )
    network.load_state_dict(load_file(next(folder.rglob("*.safetensors"))))
    network.eval()
    for path in ("test/a/000.png", "test/b/001.png"):
        pixels = np.asarray(Image.open(trained.root / "data" / path).convert("RGB"))
        (found,) = model.predict(pixels[None])
        assert (found.shape, found.dtype) == (pixels.shape[:2], np.uint8)
        image = decode_image(trained.root / "data", path, config["image_size"], Framing.STRETCH)
        with torch.inference_mode():
            logits = network(normalise(image[None].float() / 255))[0]
        expected = class_map(logits, *pixels.shape[:2]).numpy()
        assert (found == expected).mean() > 0.999


def test_the_registered_model_agrees_with_the_evaluation(trained: Program, run: Run) -> None:
    mlflow.set_tracking_uri(trained.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/fovea-segmentation/1")
    hits = total = 0
    for folder in ("a", "b"):
        for name in ("000", "001"):
            path = f"test/{folder}/{name}.png"
            pixels = np.asarray(Image.open(trained.root / "data" / path).convert("RGB"))
            (found,) = model.predict(pixels[None])
            mask = read_mask(trained.root / "data", path)
            hits += 2 * int(((found == 1) & (mask == 1)).sum())
            total += int((found == 1).sum() + (mask == 1).sum())
    measured = run.data.metrics["test_per_class_dice/Square"]
    assert hits / total == pytest.approx(measured, abs=5e-3)


def test_an_evaluation_of_masks_with_other_classes_is_refused(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_masked_folder(trained.root / "other", {"test": 1})
    (other / "masks" / "masks.json").write_text('{"classes": ["Background", "Bar", "Square"]}')
    arguments = ("--run-id", trained.only_run().info.run_id, "--data", str(other))
    assert trained.run_here(monkeypatch, "evaluate", *arguments) == 1
    assert "the run was trained with Background, Square, Bar" in capsys.readouterr().err


def test_a_training_without_masks_is_refused_with_what_is_expected(
    trained: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(trained.root / "without")
    data = make_masked_folder(program.root / "data", {"train": 4, "val": 2})
    (data / "masks" / "masks.json").unlink()
    assert program.run_here(monkeypatch, "fit", "--data", str(data), *TINY) == 1
    assert "There are no masks" in capsys.readouterr().err


def test_without_data_it_trains_on_the_drawn_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {Split.TRAIN: 1, Split.VAL: 1, Split.TEST: 1}
    monkeypatch.setattr("training.recipes.images.data.SYNTHETIC_IMAGES_PER_CLASS", few)
    monkeypatch.setattr("training.recipes.images.data.SYNTHETIC_IMAGE_SIZE", 64)
    program = Program(tmp_path)
    arguments = (*TINY, "--encoder", "test_resnet", "--epochs", "1")
    assert program.run_here(monkeypatch, "fit", *arguments) == 0
    metrics = program.only_run().data.metrics
    assert {f"per_class_dice/{name}" for name in list(Structure)[1:]} <= set(metrics)
    assert "Fluid: train 5, val 5" in capsys.readouterr().out
