"""Metrics are those of scikit-learn, intervals respect groups, and nothing absent counts as 0."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from tests.training.tables.evaluation.made_predictions import (
    calibrated,
    class_labels,
    number_labels,
)
from training.evaluation.calibration import expected_calibration_error
from training.tables.errors import TableError
from training.tables.evaluation.holdout import evaluate_holdout, measure_score
from training.tables.evaluation.schema import Estimate, HoldoutReport, Score
from training.tables.evaluation.settings import EvaluationSettings

FAST = EvaluationSettings(num_resamples=200)
THREE = ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")


def value(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def width(estimate: Estimate) -> float:
    assert estimate.interval is not None
    return estimate.interval[1] - estimate.interval[0]


@pytest.fixture(scope="module")
def three() -> HoldoutReport:
    codes, probabilities = calibrated(1, 700, 3)
    return evaluate_holdout(
        class_labels(codes, THREE),
        probabilities,
        np.arange(700) // 2,
        selection_score=Score(metric="macro_f1", value=0.9, interval=(0.88, 0.92)),
        uncalibrated=probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True),
    )


def test_metrics_of_three_classes_are_those_of_scikit_learn(three: HoldoutReport) -> None:
    codes, p = calibrated(1, 700, 3)
    decided = p.argmax(axis=1)
    one_hot = np.eye(3)[codes]
    expected = {
        "macro_f1": sk.f1_score(codes, decided, average="macro"),
        "weighted_f1": sk.f1_score(codes, decided, average="weighted"),
        "accuracy": sk.accuracy_score(codes, decided),
        "balanced_accuracy": sk.balanced_accuracy_score(codes, decided),
        "matthews_correlation": sk.matthews_corrcoef(codes, decided),
        "auroc_macro": sk.roc_auc_score(codes, p, multi_class="ovr"),
        "average_precision_macro": sk.average_precision_score(one_hot, p, average="macro"),
        "log_loss": sk.log_loss(codes, p),
        "brier": sk.brier_score_loss(codes, p),
        "ece": expected_calibration_error(torch.from_numpy(p), torch.from_numpy(codes)),
    }
    found = {name: value(estimate) for name, estimate in three.metrics.items()}
    assert found == pytest.approx(expected)
    for name, estimate in three.metrics.items():
        if name != "average_precision_macro":
            assert estimate.interval is not None
            low, high = estimate.interval
            assert low <= value(estimate) <= high or name == "ece"
    matrix = sk.confusion_matrix(codes, decided)
    assert three.confusion is not None
    assert [list(row) for row in three.confusion.counts] == matrix.tolist()
    off_diagonal = matrix - np.diag(np.diag(matrix))
    assert three.confusion.most_confused[0].num_rows == off_diagonal.max()


def test_class_reports_are_those_of_scikit_learn(three: HoldoutReport) -> None:
    codes, p = calibrated(1, 700, 3)
    precision, recall, f1, support = sk.precision_recall_fscore_support(codes, p.argmax(axis=1))
    for code, report in enumerate(three.classes):
        assert report.name == THREE[code]
        assert report.support == support[code]
        assert value(report.precision) == pytest.approx(precision[code])
        assert value(report.recall) == pytest.approx(recall[code])
        assert value(report.f1) == pytest.approx(f1[code])
        assert value(report.auroc) == pytest.approx(sk.roc_auc_score(codes == code, p[:, code]))
        found = {(row.threshold, row.num_above, row.num_found) for row in report.thresholds}
        assert found == {
            (t, (p[:, code] >= t).sum(), ((p[:, code] >= t) & (codes == code)).sum())
            for t in (*np.round(np.arange(0.05, 0.96, 0.05), 2), 0.99)
        }
        assert sum(item.num_rows for item in report.reliability) == 700


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    codes, p = calibrated(2, 400, 2)
    # Ties, and scores that are certain.
    p = np.round(p, 1)
    report = evaluate_holdout(class_labels(codes, ("no", "yes")), p, np.arange(400), settings=FAST)
    found = report.metrics
    assert value(found["auroc_macro"]) == pytest.approx(sk.roc_auc_score(codes, p[:, 1]))
    assert value(found["brier"]) == pytest.approx(sk.brier_score_loss(codes, p[:, 1]))
    assert value(found["log_loss"]) == pytest.approx(sk.log_loss(codes, p[:, 1]))
    yes = report.classes[1]
    assert yes.average_precision == pytest.approx(sk.average_precision_score(codes, p[:, 1]))
    rates, found_rates, _ = sk.roc_curve(codes, p[:, 1], drop_intermediate=False)
    points = np.array([(point.x, point.y) for point in yes.roc])
    assert points == pytest.approx(np.column_stack([rates, found_rates]), abs=1e-6)
    precision, recall, _ = sk.precision_recall_curve(codes, p[:, 1])
    points = np.array([(point.x, point.y) for point in yes.precision_recall])
    expected = np.column_stack([recall[::-1], precision[::-1]])
    assert points == pytest.approx(expected, abs=1e-6)


def test_metrics_of_numbers_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(3)
    true = 1e6 + generator.normal(size=500)
    predicted = true + generator.normal(size=500) / 2
    report = evaluate_holdout(
        number_labels(true),
        predicted[:, None],
        np.arange(500),
        selection_score=Score(metric="rmse", value=0.1),
        settings=FAST,
    )
    assert {name: value(found) for name, found in report.metrics.items()} == pytest.approx(
        {
            "rmse": sk.root_mean_squared_error(true, predicted),
            "mae": sk.mean_absolute_error(true, predicted),
            "r2": sk.r2_score(true, predicted),
            "mean_error": (predicted - true).mean(),
            "median_absolute_error": sk.median_absolute_error(true, predicted),
            "spearman": np.corrcoef(true.argsort().argsort(), predicted.argsort().argsort())[0, 1],
        }
    )
    assert report.regression is not None
    assert sum(item.num_rows for item in report.regression.bins) == 500
    assert report.gap is not None
    assert report.gap.difference > 0
    assert "Trust the holdout" in report.gap.sentence


def test_rows_repeated_within_their_group_change_no_interval() -> None:
    codes, p = calibrated(4, 200, 3)
    once = evaluate_holdout(class_labels(codes, THREE), p, np.arange(200))
    rows = np.repeat(np.arange(200), 5)
    grouped = evaluate_holdout(class_labels(codes[rows], THREE), p[rows], rows)
    alone = evaluate_holdout(class_labels(codes[rows], THREE), p[rows], np.arange(1000))
    for name in ("macro_f1", "auroc_macro", "log_loss", "ece"):
        assert width(grouped.metrics[name]) == pytest.approx(width(once.metrics[name]), rel=0.15)
        assert width(alone.metrics[name]) < 0.75 * width(once.metrics[name])
    for first, second in zip(once.classes, grouped.classes, strict=True):
        assert width(first.recall) == pytest.approx(width(second.recall), rel=0.1)
        assert second.num_groups == first.support
    assert once.metrics["macro_f1"].value == grouped.metrics["macro_f1"].value


def test_an_absent_class_is_named_and_masked() -> None:
    codes, p = calibrated(5, 300, 3)
    codes = np.where(codes == 0, 1, codes)
    report = evaluate_holdout(class_labels(codes, THREE), p, np.arange(300), settings=FAST)
    assert report.absent_classes == ("CANDIDATE",)
    absent = report.classes[0]
    assert (absent.support, absent.num_groups) == (0, 0)
    assert absent.num_predicted > 0
    for figure in (absent.precision, absent.recall, absent.f1, absent.auroc):
        assert figure == Estimate(value=None)
    assert (absent.roc, absent.precision_recall, absent.thresholds) == ((), (), ())
    decided = p.argmax(axis=1)
    expected = sk.f1_score(codes, decided, labels=[1, 2], average="macro")
    assert value(report.metrics["macro_f1"]) == pytest.approx(expected)
    areas = [sk.roc_auc_score(codes == code, p[:, code]) for code in (1, 2)]
    assert value(report.metrics["auroc_macro"]) == pytest.approx(np.mean(areas))
    assert any("'CANDIDATE'" in note for note in report.notes)


def test_few_groups_are_noted_and_one_has_no_interval() -> None:
    codes, p = calibrated(6, 100, 3)
    labels = class_labels(codes, THREE)
    few = evaluate_holdout(labels, p, np.arange(100) % 7, settings=FAST)
    assert any("has 7 groups" in note for note in few.notes)
    one = evaluate_holdout(
        labels,
        p,
        np.zeros(100, np.int64),
        selection_score=Score(metric="macro_f1", value=0.5),
        settings=FAST,
    )
    assert all(found.interval is None for found in one.metrics.values())
    assert one.gap is not None
    assert one.gap.interval is None
    assert "too few groups" in one.gap.sentence


def test_one_class_alone_has_no_areas() -> None:
    codes, p = np.ones(40, np.int64), calibrated(7, 40, 2)[1]
    report = evaluate_holdout(class_labels(codes, ("a", "b")), p, np.arange(40), settings=FAST)
    assert report.metrics["auroc_macro"] == Estimate(value=None)
    assert report.absent_classes == ("a",)
    assert report.classes[1].roc == ()


def test_detail_is_bounded_and_what_is_left_out_is_said() -> None:
    codes, p = calibrated(8, 4000, 150)
    classes = tuple(f"class {code}" for code in range(150))
    settings = EvaluationSettings(num_resamples=100, max_classes=40, max_ranked_cells=150_000)
    report = evaluate_holdout(class_labels(codes, classes), p, np.arange(4000), settings=settings)
    assert len(report.classes) == 40
    assert min(item.support for item in report.classes) >= np.sort(np.bincount(codes))[-41]
    assert report.confusion is not None
    assert len(report.confusion.counts) == 101
    assert np.sum(report.confusion.counts) == 4000
    assert len(report.notes) >= 3
    assert any("sample of whole groups" in note for note in report.notes)
    exact = sk.roc_auc_score(codes, p, multi_class="ovr")
    assert value(report.metrics["auroc_macro"]) == pytest.approx(exact, abs=0.02)
    assert HoldoutReport.model_validate_json(report.model_dump_json()) == report


def test_uncalibrated_predictions_are_shown_beside(three: HoldoutReport) -> None:
    assert three.reliability is not None
    assert three.reliability.uncalibrated_error is not None
    assert three.reliability.uncalibrated_error > value(three.reliability.error)
    assert three.reliability.uncalibrated_log_loss is not None
    assert three.reliability.uncalibrated_log_loss > value(three.metrics["log_loss"])
    for item in three.reliability.bins:
        assert item.observed_interval[0] <= item.observed <= item.observed_interval[1]


def test_a_score_out_of_fold_leaves_out_rows_without_a_prediction() -> None:
    codes, p = calibrated(9, 200, 3)
    p[:50] = np.nan
    score = measure_score(class_labels(codes, THREE), p, np.arange(200), "accuracy", settings=FAST)
    assert score is not None
    assert score.value == pytest.approx((p[50:].argmax(axis=1) == codes[50:]).mean())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p[:-1], "shape"),
        (lambda p: np.where(np.arange(100)[:, None] == 3, np.nan, p), "position 3"),
        (lambda p: p * 2, "add up to 1"),
    ],
)
def test_predictions_that_are_none_are_refused(change, message) -> None:  # type: ignore[no-untyped-def]
    codes, p = calibrated(10, 100, 3)
    with pytest.raises(TableError, match=message):
        evaluate_holdout(class_labels(codes, THREE), change(p), np.arange(100))


def test_rows_without_label_or_group_are_refused() -> None:
    codes, p = calibrated(10, 100, 3)
    with pytest.raises(TableError, match="a group for each"):
        evaluate_holdout(class_labels(codes, THREE), p, np.arange(99))
    codes[4] = -1
    with pytest.raises(TableError, match="1 of 100 have none"):
        evaluate_holdout(class_labels(codes, THREE), p, np.arange(100))
