"""One sort gives curves of few points whose area stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from training.tables.evaluation.class_ranking import ClassRanking
from training.tables.evaluation.curves import precision_recall_points, roc_points
from training.tables.evaluation.threshold_table import threshold_grid


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30))
def test_areas_and_placements_are_right_with_ties(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in rows]) / 6
    positive = np.array([is_positive for _, is_positive in rows])
    ranking = ClassRanking.of(scores, positive)
    assert ranking.has_both == (0 < positive.sum() < len(rows))
    if positive.any():
        expected = average_precision_score(positive, scores)
        assert ranking.average_precision == pytest.approx(expected)
    if ranking.has_both:
        area = roc_auc_score(positive, scores)
        assert ranking.auroc == pytest.approx(area)
        placements = ranking.placements(positive)
        assert placements[positive].mean() == pytest.approx(area)
        assert placements[~positive].mean() == pytest.approx(area)


def test_curves_of_many_rows_have_few_points_and_their_area() -> None:
    generator = np.random.default_rng(1)
    positive = generator.random(20_000) < 0.02
    scores = generator.normal(size=20_000) + 1.5 * positive
    ranking = ClassRanking.of(scores, positive)
    roc = roc_points(ranking, 200)
    curve = precision_recall_points(ranking, 200)
    assert max(len(roc), len(curve)) <= 200
    assert (roc[0].x, roc[0].y, roc[-1].x, roc[-1].y) == (0, 0, 1, 1)
    area = np.trapezoid([point.y for point in roc], [point.x for point in roc])
    assert area == pytest.approx(ranking.auroc, abs=1e-3)
    x, y = ([getattr(point, name) for point in curve] for name in "xy")
    assert np.trapezoid(y, x) == pytest.approx(ranking.average_precision, abs=5e-3)


def test_thresholds_of_a_rare_class_are_where_its_probabilities_are() -> None:
    assert threshold_grid(np.array([0.2, 0.1])).max() == pytest.approx(0.198)
    assert threshold_grid(np.array([0.6])).max() == 0.99
