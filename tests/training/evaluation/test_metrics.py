import json
import math

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics
from torchmetrics.functional import classification as torchmetrics_functional

from tracking_plugin.names import Metric
from training.errors import DataError, TrainingError
from training.evaluation.metrics import (
    ClassifierMetrics,
    Predictions,
    evaluate_predictions,
    evaluation_document,
    logged_metrics,
    selection_score,
)
from training.taxonomies.taxonomy import CriticalCondition, Modality, Taxonomy

CLASSES = ("Normal", "Mild", "Absent", "Severe", "Rare", "Unpredicted")
SUPPORTS = (57, 31, 0, 18, 2, 9)


def taxonomy(*conditions: CriticalCondition, num_classes: int = len(CLASSES)) -> Taxonomy:
    return Taxonomy(
        name="six",
        classes=CLASSES[:num_classes],
        modalities=(Modality.FUNDUS,) * num_classes,
        critical_conditions=conditions,
    )


def condition(name: str, *class_indices: int) -> CriticalCondition:
    return CriticalCondition(name=name, class_indices=class_indices, min_sensitivity=0.9)


def uneven_predictions(dtype: torch.dtype = torch.float64) -> Predictions:
    """Six classes of uneven size: one has no images, and one is never predicted."""
    targets = torch.repeat_interleave(torch.arange(6), torch.tensor(SUPPORTS))
    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(len(targets), 6, generator=generator, dtype=torch.float64)
    logits[torch.arange(len(targets)), targets] += 1.0
    logits[:, 5] -= 20
    return Predictions(logits=logits.to(dtype), targets=targets)


def predictions_of(confusion: list[list[int]]) -> Predictions:
    """Predictions that give this confusion matrix."""
    cells = [
        (truth, predicted)
        for truth, row in enumerate(confusion)
        for predicted, count in enumerate(row)
        for _ in range(count)
    ]
    targets, predicted = torch.tensor(cells).T
    return Predictions(logits=torch.eye(len(confusion))[predicted], targets=targets)


@pytest.fixture
def evaluation() -> ClassifierMetrics:
    return evaluate_predictions(uneven_predictions(), taxonomy())


def test_equals_scikit_learn_with_uneven_supports_and_an_absent_class(
    evaluation: ClassifierMetrics,
) -> None:
    predictions = uneven_predictions()
    truth = predictions.targets.numpy()
    probabilities = predictions.logits.softmax(1).numpy()
    predicted = probabilities.argmax(1)
    present = [0, 1, 3, 4, 5]
    assert 5 not in predicted
    assert 2 in predicted
    auroc = [sklearn_metrics.roc_auc_score(truth == c, probabilities[:, c]) for c in present]
    weights = [SUPPORTS[c] for c in present]
    f1 = sklearn_metrics.f1_score(truth, predicted, labels=present, average="macro")
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(truth, predicted),
        "auc_roc_macro": np.mean(auroc),
        "auc_roc_weighted": np.average(auroc, weights=weights),
        "f1": f1,
        "kappa": sklearn_metrics.cohen_kappa_score(truth, predicted),
    }
    assert evaluation.metrics == pytest.approx(expected, abs=1e-12)
    loss = sklearn_metrics.log_loss(truth, probabilities, labels=range(6))
    assert evaluation.loss == pytest.approx(loss, abs=1e-12)


def test_class_report_equals_scikit_learn(evaluation: ClassifierMetrics) -> None:
    predictions = uneven_predictions()
    truth, probabilities = predictions.targets.numpy(), predictions.logits.softmax(1).numpy()
    predicted = probabilities.argmax(1)
    confusion = sklearn_metrics.confusion_matrix(truth, predicted, labels=range(6))
    assert evaluation.confusion_matrix == confusion.tolist()
    for index, name in enumerate(CLASSES[:5]):
        if index == 2:
            continue
        scores = evaluation.class_report[name]
        is_truth, is_predicted = truth == index, predicted == index
        assert scores["support"] == SUPPORTS[index]
        assert scores == pytest.approx(
            {
                "support": SUPPORTS[index],
                "precision": sklearn_metrics.precision_score(is_truth, is_predicted),
                "recall": sklearn_metrics.recall_score(is_truth, is_predicted),
                "f1": sklearn_metrics.f1_score(is_truth, is_predicted),
                "specificity": sklearn_metrics.recall_score(~is_truth, ~is_predicted),
                "auc_roc": sklearn_metrics.roc_auc_score(is_truth, probabilities[:, index]),
            }
        )


def test_undefined_figures_of_a_class_are_none(evaluation: ClassifierMetrics) -> None:
    absent = evaluation.class_report["Absent"]
    assert absent["support"] == 0
    assert (absent["recall"], absent["f1"], absent["auc_roc"]) == (None, None, None)
    assert absent["precision"] == 0.0
    assert absent["specificity"] is not None
    unpredicted = evaluation.class_report["Unpredicted"]
    assert (unpredicted["precision"], unpredicted["recall"], unpredicted["f1"]) == (None, 0.0, 0.0)


def test_agrees_with_torchmetrics_where_every_class_is_present() -> None:
    kept = uneven_predictions()
    present = kept.targets != 5
    targets = kept.targets[present].clone()
    targets[:3] = 2
    predictions = Predictions(logits=kept.logits[present][:, :5], targets=targets)
    metrics = evaluate_predictions(predictions, taxonomy(num_classes=5)).metrics
    probabilities, functional = predictions.logits.softmax(1), torchmetrics_functional
    expected = {
        "accuracy": functional.multiclass_accuracy(probabilities, targets, 5, average="micro"),
        "auc_roc_macro": functional.multiclass_auroc(probabilities, targets, 5),
        "auc_roc_weighted": functional.multiclass_auroc(
            probabilities, targets, 5, average="weighted"
        ),
        "f1": functional.multiclass_f1_score(probabilities, targets, 5, average="macro"),
        "kappa": functional.multiclass_cohen_kappa(probabilities, targets, 5),
    }
    assert metrics == pytest.approx(
        {name: value.item() for name, value in expected.items()}, abs=1e-6
    )


def test_the_order_of_the_gathered_samples_does_not_matter(evaluation: ClassifierMetrics) -> None:
    predictions = uneven_predictions()
    order = torch.randperm(len(predictions.targets), generator=torch.Generator().manual_seed(1))
    shuffled = Predictions(logits=predictions.logits[order], targets=predictions.targets[order])
    again = evaluate_predictions(shuffled, taxonomy())
    assert again.confusion_matrix == evaluation.confusion_matrix
    assert again.metrics == pytest.approx(evaluation.metrics, abs=1e-12)


def test_float32_logits_are_scored_in_float64(evaluation: ClassifierMetrics) -> None:
    single = evaluate_predictions(uneven_predictions(torch.float32), taxonomy())
    assert single.metrics == pytest.approx(evaluation.metrics, abs=1e-4)
    assert single.loss == pytest.approx(evaluation.loss, abs=1e-6)


def test_equal_scores_have_an_auroc_of_one_half() -> None:
    predictions = Predictions(logits=torch.zeros(9, 3), targets=torch.arange(9) % 3)
    metrics = evaluate_predictions(predictions, taxonomy(num_classes=3)).metrics
    assert metrics["auc_roc_macro"] == metrics["auc_roc_weighted"] == 0.5
    assert metrics["kappa"] == 0.0


def test_a_prediction_of_any_class_of_a_condition_is_a_hit() -> None:
    confusion = [[8, 1, 1], [0, 6, 4], [5, 3, 2]]
    named = taxonomy(condition("Pair", 1, 2), condition("Single", 1), num_classes=3)
    evaluation = evaluate_predictions(predictions_of(confusion), named)
    assert evaluation.sensitivity == {"Pair": (6 + 4 + 3 + 2) / 20, "Single": 0.6}
    assert evaluation.condition_support == {"Pair": 20, "Single": 10}


def test_a_condition_without_positives_has_a_support_and_no_sensitivity() -> None:
    evaluation = evaluate_predictions(uneven_predictions(), taxonomy(condition("Gone", 2)))
    logged = logged_metrics(evaluation)
    assert evaluation.sensitivity == {}
    assert "critical/Gone" not in logged
    assert logged["critical_support/Gone"] == 0.0
    assert "per_class/Absent" not in logged
    assert logged["per_class/Unpredicted"] == 0.0


def test_the_selection_score_is_the_mean_of_f1_auroc_and_kappa(
    evaluation: ClassifierMetrics,
) -> None:
    parts = [evaluation.metrics[name] for name in ("f1", "auc_roc_macro", "kappa")]
    assert selection_score(evaluation) == pytest.approx(sum(parts) / 3)


def test_a_split_of_one_class_gets_a_finite_score_and_a_valid_document() -> None:
    logits = torch.tensor([[3.0, 0.0], [2.0, 1.0]])
    predictions = Predictions(logits=logits, targets=torch.tensor([0, 0]))
    evaluation = evaluate_predictions(predictions, taxonomy(num_classes=2))
    for name in ("auc_roc_macro", "auc_roc_weighted", "kappa"):
        assert math.isnan(evaluation.metrics[name])
        assert f"val/{name}" not in logged_metrics(evaluation)
    assert selection_score(evaluation) == 1.0
    document = evaluation_document(evaluation, taxonomy(num_classes=2), epoch=1, step=10)
    assert document["metrics"]["kappa"] is None
    json.dumps(document, allow_nan=False)


def test_a_masked_class_is_scored_as_impossible() -> None:
    predictions = uneven_predictions()
    masked = predictions.logits.clone()
    masked[:, 2] = -math.inf
    evaluation = evaluate_predictions(
        Predictions(logits=masked, targets=predictions.targets), taxonomy()
    )
    assert sum(row[2] for row in evaluation.confusion_matrix) == 0
    assert math.isfinite(evaluation.loss)


def test_metrics_are_logged_under_their_public_names() -> None:
    named = taxonomy(condition("Grave", 3, 4))
    logged = logged_metrics(evaluate_predictions(uneven_predictions(), named))
    of_other_recipes = {
        *(Metric.VAL_DICE_MACRO, Metric.VAL_IOU_MACRO),
        *(Metric.VAL_BASE_LOSS, Metric.VAL_LOSS_DIFFERENCE),
    }
    overall = {it.value for it in Metric if it.startswith("val/")} - of_other_recipes
    per_class = {f"per_class/{name}" for name in CLASSES if name != "Absent"}
    assert set(logged) == overall | per_class | {"critical/Grave", "critical_support/Grave"}
    assert all(type(value) is float for value in logged.values())


def test_metrics_of_another_split_have_other_names() -> None:
    evaluation = evaluate_predictions(uneven_predictions(), taxonomy(condition("Grave", 3, 4)))
    logged = logged_metrics(evaluation, prefix="test")
    assert {name.split("/")[0] for name in logged} == {
        "test",
        "test_per_class",
        "test_critical",
        "test_critical_support",
    }
    assert logged["test_critical/Grave"] == evaluation.sensitivity["Grave"]
    assert logged["test/loss"] == evaluation.loss


def test_the_document_has_counts_and_the_conditions_with_their_intervals() -> None:
    named = taxonomy(condition("Grave", 3, 4), condition("Gone", 2))
    evaluation = evaluate_predictions(uneven_predictions(), named)
    document = json.loads(
        json.dumps(evaluation_document(evaluation, named, epoch=3, step=120), allow_nan=False)
    )
    assert (document["epoch"], document["step"], document["num_samples"]) == (3, 120, 117)
    assert document["classes"] == list(CLASSES)
    assert document["confusion_matrix"] == evaluation.confusion_matrix
    assert document["metrics"] == {"loss": evaluation.loss} | evaluation.metrics
    grave, gone = document["critical_conditions"]["Grave"], document["critical_conditions"]["Gone"]
    low, high = grave["confidence_interval"]
    assert low < grave["sensitivity"] < high
    assert (grave["support"], grave["threshold"]) == (20, 0.9)
    assert gone == {
        "sensitivity": None,
        "threshold": 0.9,
        "support": 0,
        "confidence_interval": None,
    }


@pytest.mark.parametrize(
    ("logits", "targets", "message"),
    [
        (torch.zeros(0, 6), torch.zeros(0, dtype=torch.int64), "got none"),
        (torch.zeros(3, 6), torch.zeros(2, dtype=torch.int64), r"\[3, 6\] and \[2\]"),
        (torch.zeros(2, 5), torch.zeros(2, dtype=torch.int64), "the model has 5"),
        (torch.zeros(2, 6), torch.tensor([0, 6]), "go from 0 to 6"),
        (torch.zeros(2, 6), torch.tensor([-1, 0]), "go from -1 to 0"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(
    logits: torch.Tensor, targets: torch.Tensor, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        evaluate_predictions(Predictions(logits=logits, targets=targets), taxonomy())


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_outputs_of_a_diverged_model_are_refused(broken: float) -> None:
    predictions = uneven_predictions()
    predictions.logits[5:8, 1] = broken
    with pytest.raises(TrainingError, match="3 of 117 samples got NaN or infinity"):
        evaluate_predictions(predictions, taxonomy())
