"""What was shown of a model on data that it was not trained on; logged with it, repeated in each answer."""

from pydantic import BaseModel, ConfigDict, Field

EVIDENCE_FILE = "evidence.json"
EVIDENCE_ARTIFACT = f"evidence/{EVIDENCE_FILE}"
"""Path of the evidence among the artifacts of the run."""
STATISTICS_FILE = "feature_statistics.safetensors"
"""Float32 tensors: `means` [K, D], a row for each class that val has; `precision` [D, D].

The distance of an image is that of `training.evidence.features.mahalanobis_distances`: to the
nearest mean. Read the file with safetensors; nothing in it is unpickled.
"""


class _Evidence(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ConditionThreshold(_Evidence):
    """The decision threshold of a critical condition, chosen on val; see `training.evidence.conditions`."""

    name: str
    classes: tuple[int, ...]
    """Positions of the classes of the condition."""
    required_sensitivity: float
    threshold: float | None = None
    """An image is positive if the sum of the calibrated probabilities of the classes is not below it.

    None if the required sensitivity cannot be shown.
    """
    sensitivity: float | None = None
    specificity: float | None = None
    support: int = 0
    """Positives on val."""
    confidence_interval: tuple[float, float] | None = None
    """95 % Wilson interval of the sensitivity."""
    specificity_interval: tuple[float, float] | None = None
    """95 % Wilson interval of the specificity."""
    note: str = ""
    """Why there is no threshold, such as "cannot be shown: 13 positives"."""


class FeatureStatistics(_Evidence):
    """Limits of the distance to the features of val; the tensors are in STATISTICS_FILE."""

    method: str = "mahalanobis"
    dimension: int
    num_samples: int
    threshold: float
    """An image farther away than this is outside what the model has seen."""
    quantile: float
    """Fraction of val, by cross-validation, that lies within the threshold."""
    shrinkage: float | None = None
    """Share of the identity in the covariance, by Ledoit and Wolf; near 1 if val is small."""


class PredictionSets(_Evidence):
    """Class-conditional conformal sets: a class is in the set if 1 - p <= its quantile.

    `p` is the calibrated probability of the class.
    """

    method: str = "class-conditional conformal"
    coverage: float
    quantiles: tuple[float | None, ...]
    """By class; None where val has too few samples, so that the class is always in the set."""
    support: tuple[int, ...] = ()


class ModelEvidence(_Evidence):
    """The evidence of a registered model; each part is None if it could not be fitted."""

    version: int = 1
    split: str = "val"
    num_samples: int = 0
    temperature: float | None = None
    """Logits are divided by it before the softmax; without one, by 1."""
    expected_calibration_error: float | None = None
    """On val, after the temperature, by cross-fitting."""
    uncalibrated_error: float | None = None
    """The expected calibration error on val without a temperature."""
    conditions: tuple[ConditionThreshold, ...] = ()
    features: FeatureStatistics | None = None
    prediction_sets: PredictionSets | None = None
    missing: tuple[str, ...] = Field(default=())
    """What could not be shown, in sentences for people."""
