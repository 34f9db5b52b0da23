"""Decides whether an image lies within what the model has seen, by the features of its last layer."""

from dataclasses import dataclass

import numpy as np

from serving.engine.protocol import Array, FeatureTensors, ModelDescription
from serving.errors import Reason, ServingError
from training.evidence.features import mahalanobis_distances


@dataclass(frozen=True, kw_only=True)
class DistributionVerdict:
    """`method` is empty if the model has no feature statistics: then nothing is known."""

    is_outside: bool
    distance: float
    threshold: float
    method: str


UNKNOWN_DISTRIBUTION = DistributionVerdict(is_outside=False, distance=0.0, threshold=0.0, method="")


def distribution_verdict(features: Array, model: ModelDescription) -> DistributionVerdict:
    """Compares the distance of features [D] with the limit that was fitted on val.

    Raises ServingError MODEL_FAILED if the features do not fit the statistics, or are no numbers.
    """
    limits, tensors = model.evidence.features, model.statistics
    if limits is None or tensors is None:
        return UNKNOWN_DISTRIBUTION
    distance = mahalanobis_distance(features, tensors)
    return DistributionVerdict(
        is_outside=distance > limits.threshold,
        distance=distance,
        threshold=limits.threshold,
        method=limits.method,
    )


def mahalanobis_distance(features: Array, tensors: FeatureTensors) -> float:
    """The distance of features [D] to the nearest class mean (Lee et al. 2018), not squared.

    Raises ServingError MODEL_FAILED if the sizes do not fit, or if a value is no number.
    """
    vector = np.asarray(features, np.float64)
    if vector.shape != (tensors.means.shape[1],) or not np.isfinite(vector).all():
        raise ServingError(
            Reason.MODEL_FAILED,
            f"The model returned features of shape {vector.shape}, or some that are no numbers; "
            f"its statistics are for {tensors.means.shape[1]}. Train and register it again.",
        )
    return float(mahalanobis_distances(vector[None], tensors.means, tensors.precision)[0])
