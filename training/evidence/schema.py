"""What was shown of a model on data that it was not trained on; logged with it, repeated in each answer."""

from pydantic import BaseModel, ConfigDict, Field

EVIDENCE_FILE = "evidence.json"
STATISTICS_FILE = "feature_statistics.safetensors"
"""Float32 tensors: `means` [classes, D], `precision` [D, D]; read with safetensors, never unpickled."""


class _Evidence(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ConditionThreshold(_Evidence):
    """The decision threshold of a critical condition, chosen on val."""

    name: str
    classes: tuple[int, ...]
    """Positions of the classes of the condition."""
    required_sensitivity: float
    threshold: float | None = None
    """On the sum of the calibrated probabilities of the classes; None if it cannot be shown."""
    sensitivity: float | None = None
    specificity: float | None = None
    support: int = 0
    """Positives on val."""
    confidence_interval: tuple[float, float] | None = None
    """95 % Wilson interval of the sensitivity."""
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


class PredictionSets(_Evidence):
    """Class-conditional conformal sets: a class is in the set if 1 - p <= its quantile."""

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
    expected_calibration_error: float | None = None
    """On val, after the temperature, by cross-fitting."""
    conditions: tuple[ConditionThreshold, ...] = ()
    features: FeatureStatistics | None = None
    prediction_sets: PredictionSets | None = None
    missing: tuple[str, ...] = Field(default=())
    """What could not be shown, in sentences for people."""
