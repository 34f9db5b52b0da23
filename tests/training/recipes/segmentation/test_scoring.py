"""Dice and IoU are those of scikit-learn and of the definition, with intervals over images."""

import json

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score

from training.data.mask_folder import IGNORED
from training.errors import TrainingError
from training.recipes.segmentation.scoring import (
    Overlap,
    evaluate_overlap,
    evaluation_document,
    logged_metrics,
    overlap_intervals,
    pixel_confusion,
    selection_score,
)

CLASSES = ("Background", "Vessel", "Optic_disc", "Absent")


def maps(num_images: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Predicted and true classes [N, 12, 12]; no image has the last class, but one is predicted as it."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randint(0, 3, (num_images, 12, 12), generator=generator)
    noise = torch.randint(0, 3, (num_images, 12, 12), generator=generator)
    is_noisy = torch.rand(num_images, 12, 12, generator=generator) < 0.3
    predicted = torch.where(is_noisy, noise, truth)
    predicted[0, 0, 0] = 3
    return predicted, truth


def overlap_of(predicted: torch.Tensor, truth: torch.Tensor) -> Overlap:
    confusion = torch.stack(
        [pixel_confusion(p, t, len(CLASSES)) for p, t in zip(predicted, truth, strict=True)]
    )
    return Overlap(
        hits=confusion.diagonal(dim1=1, dim2=2),
        truth=confusion.sum(dim=2),
        predicted=confusion.sum(dim=1),
        losses=torch.linspace(0.1, 0.3, len(truth), dtype=torch.float64),
        confusion=confusion.sum(dim=0),
    )


def test_dice_and_iou_are_those_of_scikit_learn() -> None:
    predicted, truth = maps(6)
    metrics = evaluate_overlap(overlap_of(predicted, truth), CLASSES)
    pair = (truth.flatten(), predicted.flatten())
    dice = f1_score(*pair, average=None, labels=[0, 1, 2])
    iou = jaccard_score(*pair, average=None, labels=[0, 1, 2])
    for index, name in enumerate(CLASSES[:3]):
        assert metrics.classes[name].dice == pytest.approx(dice[index])
        assert metrics.classes[name].iou == pytest.approx(iou[index])
    assert metrics.dice_macro == pytest.approx(dice[1:].mean()), "the background is apart"
    assert metrics.iou_macro == pytest.approx(iou[1:].mean())
    assert metrics.loss == pytest.approx(0.2)


def test_a_class_that_no_image_has_is_undefined_and_in_no_mean() -> None:
    metrics = evaluate_overlap(overlap_of(*maps(6)), CLASSES)
    absent = metrics.classes["Absent"]
    assert (absent.dice, absent.iou, absent.num_images) == (None, None, 0)
    assert "per_class_dice/Absent" not in logged_metrics(metrics)
    assert metrics.dice_macro is not None


def test_without_any_structure_the_loss_selects_the_best_epoch() -> None:
    empty = torch.zeros(2, 12, 12, dtype=torch.int64)
    metrics = evaluate_overlap(overlap_of(empty, empty), CLASSES)
    assert metrics.dice_macro is None
    assert metrics.classes["Background"].dice == 1
    assert selection_score(metrics) == -metrics.loss
    assert logged_metrics(metrics) == {"val/loss": metrics.loss}


def test_ignored_pixels_count_nowhere() -> None:
    predicted, truth = maps(2)
    partly = truth.clone()
    partly[:, 6:] = IGNORED
    found = overlap_of(predicted, partly)
    expected = overlap_of(predicted[:, :6], truth[:, :6])
    assert torch.equal(found.confusion, expected.confusion)


def test_metrics_have_names_of_their_own_beside_the_recall_of_a_classifier() -> None:
    metrics = evaluate_overlap(overlap_of(*maps(3)), CLASSES)
    assert set(logged_metrics(metrics)) == {
        *("val/loss", "val/dice_macro", "val/iou_macro"),
        *(f"per_class_{kind}/{name}" for kind in ("dice", "iou") for name in CLASSES[1:3]),
    }
    assert "test_per_class_dice/Vessel" in logged_metrics(metrics, "test")


def test_the_document_is_valid_json_with_the_counts_of_pixels() -> None:
    metrics = evaluate_overlap(overlap_of(*maps(3)), CLASSES)
    document = json.loads(
        json.dumps(evaluation_document(metrics, epoch=1, step=9), allow_nan=False)
    )
    assert sum(map(sum, document["confusion_matrix"])) == 3 * 144
    assert document["class_report"]["Vessel"]["f1"] == pytest.approx(metrics.classes["Vessel"].dice)
    assert document["overlap"]["Absent"]["dice"] is None


def test_intervals_hold_the_values_and_narrow_with_more_images() -> None:
    widths = []
    for number in (8, 128):
        overlap = overlap_of(*maps(number))
        metrics = evaluate_overlap(overlap, CLASSES)
        found = overlap_intervals(overlap, CLASSES, num_resamples=300, seed=0)
        low, high = found["dice/Vessel"]
        value = metrics.classes["Vessel"].dice
        assert value is not None
        assert low <= value <= high
        assert "dice/Absent" not in found
        widths.append(high - low)
    assert widths[1] < 0.5 * widths[0]


def test_the_interval_of_the_mean_leaves_the_background_out() -> None:
    _, truth = maps(8)
    overlap = overlap_of(torch.zeros_like(truth), truth)
    found = overlap_intervals(overlap, CLASSES, num_resamples=100, seed=0)
    assert found["dice_macro"] == (0.0, 0.0)
    assert found["iou_macro"] == (0.0, 0.0)
    assert found["dice/Background"][0] > 0


def test_images_of_one_patient_are_drawn_together() -> None:
    predicted, truth = maps(4)
    copies = overlap_of(predicted.repeat(8, 1, 1), truth.repeat(8, 1, 1))
    patients = torch.arange(4).repeat(8)
    alone = overlap_intervals(copies, CLASSES, num_resamples=300, seed=0)["dice_macro"]
    grouped = overlap_intervals(copies, CLASSES, num_resamples=300, seed=0, groups=patients)
    low, high = grouped["dice_macro"]
    assert high - low > 1.5 * (alone[1] - alone[0])


def test_outputs_that_are_no_numbers_end_the_training_with_the_reason() -> None:
    overlap = overlap_of(*maps(3))
    overlap.losses[1] = float("nan")
    with pytest.raises(TrainingError, match="1 of 3 images got NaN"):
        evaluate_overlap(overlap, CLASSES)
