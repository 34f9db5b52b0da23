import numpy as np
import pytest

from serving.diagnosis.gates import distribution_verdict, mahalanobis_distance
from serving.engine.protocol import FeatureTensors
from serving.errors import ServingError
from tests.serving.diagnosis.requests import STATISTICS, model
from training.evidence.schema import ModelEvidence


def test_the_distance_is_that_to_the_nearest_mean() -> None:
    tensors = FeatureTensors(
        means=np.array([[0, 0], [10, 0]], np.float32),
        precision=np.diag([1.0, 0.25]).astype(np.float32),
    )
    assert mahalanobis_distance(np.array([10, 4]), tensors) == pytest.approx(2)
    assert mahalanobis_distance(np.array([3, 0]), tensors) == pytest.approx(3)


@pytest.mark.parametrize(("feature", "is_outside"), [(2.9, False), (3.0, False), (3.1, True)])
def test_an_image_beyond_the_limit_is_outside(feature: float, is_outside: bool) -> None:
    verdict = distribution_verdict(np.array([feature, 0]), model())
    assert verdict.is_outside is is_outside
    assert verdict.distance == pytest.approx(feature)
    assert verdict.threshold == 3.0
    assert verdict.method == "mahalanobis"


def test_without_statistics_nothing_is_known() -> None:
    for described in (model(statistics=None), model(evidence=ModelEvidence())):
        verdict = distribution_verdict(np.array([100.0, 0]), described)
        assert (verdict.is_outside, verdict.method) == (False, "")


@pytest.mark.parametrize("features", [[1.0], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0]]])
def test_features_that_do_not_fit_are_refused(features: list[float]) -> None:
    with pytest.raises(ServingError, match="features of shape"):
        mahalanobis_distance(np.array(features), STATISTICS)
