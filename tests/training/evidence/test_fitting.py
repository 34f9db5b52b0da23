"""The evidence of a classifier: complete where val allows it, and otherwise what is missing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.evidence.outputs import outputs, taxonomy
from training.evaluation.calibration import expected_calibration_error, fit_temperature
from training.evidence import fitting
from training.evidence.features import mahalanobis_distances
from training.evidence.fitting import fit_evidence
from training.evidence.outputs import ClassifierOutputs
from training.evidence.schema import ModelEvidence
from training.evidence.temperature import calibrated, fit_calibration


def test_enough_samples_give_every_part() -> None:
    found = outputs()
    fitted = fit_evidence(found, taxonomy(3, ("RAO", (1,), 0.9)))
    evidence = fitted.evidence
    assert evidence.missing == ()
    assert (evidence.split, evidence.num_samples) == ("val", 300)
    assert evidence.temperature == fit_temperature(found.logits, found.targets)
    assert evidence.conditions[0].threshold is not None
    assert evidence.prediction_sets is not None
    assert evidence.prediction_sets.support == (100, 100, 100)
    assert evidence.features is not None
    assert (evidence.features.dimension, evidence.features.num_samples) == (6, 300)
    assert {name: tuple(t.shape) for name, t in fitted.statistics.items()} == {
        "means": (3, 6),
        "precision": (6, 6),
    }
    assert all(tensor.dtype == torch.float32 for tensor in fitted.statistics.values())
    assert ModelEvidence.model_validate_json(evidence.model_dump_json()) == evidence


def test_the_stored_tensors_give_the_distances_that_the_limit_is_about() -> None:
    found = outputs((200, 200, 200))
    fitted = fit_evidence(found, taxonomy())
    new = outputs((200, 200, 200), seed=0).features
    assert new is not None
    assert fitted.evidence.features is not None
    means, precision = (fitted.statistics[name].numpy() for name in ("means", "precision"))
    within = mahalanobis_distances(new.numpy(), means, precision)
    assert (within <= fitted.evidence.features.threshold).mean() >= 0.98


def test_the_calibration_error_is_one_on_samples_that_the_temperature_was_not_fitted_on() -> None:
    found = outputs(sharpening=8)
    fitted = fit_calibration(found.logits, found.targets)
    plain = expected_calibration_error(calibrated(found.logits, None), found.targets)
    assert fitted.error_before == plain
    assert fitted.error_after is not None
    assert fitted.error_after < plain / 2
    cheated = expected_calibration_error(
        calibrated(found.logits, fitted.temperature), found.targets
    )
    assert fitted.error_after != cheated


@pytest.mark.parametrize(
    ("counts", "conditions", "sentences"),
    [
        (
            (3, 3, 3),
            (),
            [
                "No temperature: at least 10 validation samples are needed, and there are 9.",
                "No feature statistics: at least 10 validation samples are needed",
                "No prediction sets: every class has fewer than 9 validation samples.",
                "No decision thresholds: the taxonomy has no critical conditions.",
            ],
        ),
        (
            (100, 100, 5),
            (("RAO", (2,), 0.99),),
            [
                "Every prediction set contains class 2, because these classes have fewer than 9",
                "The sensitivity of RAO cannot be shown: 5 positives",
            ],
        ),
        ((1, 0, 0), (), ["No temperature"]),
    ],
)
def test_what_a_small_val_cannot_show_is_said(
    counts: tuple[int, ...],
    conditions: tuple[tuple[str, tuple[int, ...], float], ...],
    sentences: list[str],
) -> None:
    evidence = fit_evidence(outputs(counts), taxonomy(3, *conditions)).evidence
    text = " ".join(evidence.missing)
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert evidence.num_samples == sum(counts)


def test_a_model_without_an_error_has_no_temperature() -> None:
    targets = torch.arange(40) % 2
    found = ClassifierOutputs(
        logits=20 * torch.nn.functional.one_hot(targets, 2).float(), targets=targets, features=None
    )
    evidence = fit_evidence(found, taxonomy(2)).evidence
    assert evidence.temperature is None
    assert "the model makes no error on the 40 validation samples" in " ".join(evidence.missing)
    assert "the network does not say what its features are" in " ".join(evidence.missing)
    assert evidence.prediction_sets is not None


def test_outputs_that_are_not_finite_give_no_evidence() -> None:
    found = outputs()
    found.logits[5, 0] = float("nan")
    fitted = fit_evidence(found, taxonomy())
    assert fitted.evidence.missing == (
        "No evidence: some outputs for the validation samples are not finite.",
    )
    assert fitted.statistics == {}


def test_a_part_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix of patient Smith")

    monkeypatch.setattr(fitting, "fit_features", fail)
    fitted = fit_evidence(outputs(), taxonomy(3, ("RAO", (1,), 0.9)))
    assert fitted.evidence.features is None
    assert fitted.statistics == {}
    assert fitted.evidence.missing == ("No feature statistics: the fit failed (LinAlgError).",)
    assert fitted.evidence.temperature is not None
    assert fitted.evidence.prediction_sets is not None


def test_a_class_that_val_lacks_has_no_mean() -> None:
    fitted = fit_evidence(outputs((50, 0, 50)), taxonomy())
    assert fitted.statistics["means"].shape == (2, 6)
    without = replace(outputs((50, 0, 50)), features=None)
    assert fit_evidence(without, taxonomy()).evidence.features is None
