"""The kind of calibration that a distortion needs is found, and no other."""

import numpy as np
import pytest

from tests.training.tables.evaluation.made_predictions import calibrated, sharpened
from training.tables.errors import TableError
from training.tables.evaluation.calibration import Calibration, CalibrationKind, fit_calibration
from training.tables.labels import Floats


def log_loss(probabilities: Floats, codes: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
    return float(-np.log(probabilities[np.arange(len(codes)), codes]).mean())


def test_overconfidence_is_undone_by_a_temperature() -> None:
    codes, p = calibrated(1, 2000, 3, sharpness=1.0)
    found = fit_calibration(sharpened(p, 2.5), codes, np.arange(2000) // 2)
    assert found.kind is CalibrationKind.TEMPERATURE
    assert found.temperature == pytest.approx(2.5, rel=0.15)
    assert found.apply(sharpened(p, 2.5)) == pytest.approx(p, abs=0.03)
    assert found.error_before is not None
    assert found.error_after is not None
    assert found.error_after < found.error_before / 2


def test_good_probabilities_stay() -> None:
    codes, p = calibrated(2, 2000, 3)
    found = fit_calibration(p, codes, np.arange(2000))
    assert found.kind is CalibrationKind.IDENTITY
    assert found.apply(p) is p
    assert set(found.log_losses) == set(CalibrationKind)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_another_distortion_is_undone_by_isotonic_regression(num_classes: int) -> None:
    codes, p = calibrated(3, 6000, num_classes, sharpness=1.5)
    distorted = p.copy()
    distorted[:, -1] = distorted[:, -1] ** 4
    distorted /= distorted.sum(axis=1, keepdims=True)
    found = fit_calibration(distorted, codes, np.arange(6000))
    assert found.kind is CalibrationKind.ISOTONIC
    after = found.apply(distorted)
    assert after.sum(axis=1) == pytest.approx(1)
    assert after.min() > 0
    assert log_loss(after, codes) < log_loss(distorted, codes) - 0.05
    if num_classes == 2:
        assert (np.argsort(after[:, 1]) == np.argsort(distorted[:, 1])).all()
    read = Calibration.model_validate_json(found.model_dump_json())
    assert (read.apply(distorted) == after).all()


def test_rows_that_no_fold_validated_and_absent_classes_do_no_harm() -> None:
    codes, p = calibrated(4, 3000, 3, sharpness=1.0)
    codes[codes == 2] = 0
    oof = sharpened(p, 3.0)
    oof[:1000] = np.nan
    codes[1000:1100] = -1
    found = fit_calibration(oof, codes, np.arange(3000))
    assert found.num_rows == 1900
    assert np.isfinite(found.apply(oof[1000:])).all()


def test_groups_are_not_divided_between_fit_and_check() -> None:
    """Chance that repeats within groups looks like a pattern if groups are divided."""
    generator = np.random.default_rng(5)
    groups = np.repeat(np.arange(20), 60)
    scores = np.repeat(generator.uniform(0.3, 0.7, 20), 60)
    codes = np.repeat(generator.integers(2, size=20), 60)
    oof = np.column_stack([1 - scores, scores])
    grouped = fit_calibration(oof, codes, groups)
    divided = fit_calibration(oof, codes, np.arange(1200))
    loss = grouped.log_losses[CalibrationKind.ISOTONIC]
    assert loss > divided.log_losses[CalibrationKind.ISOTONIC] + 0.05
    assert grouped.kind is CalibrationKind.IDENTITY


def test_where_nothing_can_be_fitted_the_reason_is_said() -> None:
    codes, p = calibrated(6, 300, 2)
    assert "validated rows" in fit_calibration(p[:20], codes[:20], np.arange(20)).reason
    assert "10 groups" in fit_calibration(p, codes, np.arange(300) % 4).reason
    assert "No validated row" in fit_calibration(np.eye(2)[codes], codes, np.arange(300)).reason
    nothing = fit_calibration(np.full((30, 2), np.nan), codes[:30], np.arange(30))
    assert nothing.kind is CalibrationKind.IDENTITY
    assert "Numbers" in fit_calibration(p[:, :1], codes, np.arange(300)).reason
    with pytest.raises(TableError, match="a group for each row"):
        fit_calibration(p, codes, np.arange(299))
