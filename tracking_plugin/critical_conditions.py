"""Classifies the sensitivity for a critical condition as ok, warning or critical."""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from tracking_plugin.names import Param

MIN_SENSITIVITY: Mapping[str, float] = MappingProxyType(
    {"RAO": 0.99, "RVO": 0.97, "Retinal_Detachment": 0.99, "CNV": 0.98}
)
"""The thresholds of the shipped taxonomy, for runs without the parameter `critical_thresholds`."""

CRITICAL_FACTOR = 0.9

MAX_PARAM_CHARS = 6000
"""MLflow cuts longer parameters, or refuses them, depending on its version and settings."""

_SAFE_PARAM_CHARS = 5500
_MAX_THRESHOLD_PARAMS = 50

THRESHOLD_PARAMS: tuple[str, ...] = (
    str(Param.CRITICAL_THRESHOLDS),
    *(f"{Param.CRITICAL_THRESHOLDS}_{number}" for number in range(2, _MAX_THRESHOLD_PARAMS + 1)),
)
"""The parameters with thresholds; together they have all of them, each as a JSON object of its own."""


class TooManyThresholdsError(ValueError):
    """More thresholds than the parameters of a run hold."""


def threshold_params(floors: Mapping[str, float]) -> dict[str, str]:
    """The parameters that hold `floors`, none of them longer than MLflow stores.

    Raises TooManyThresholdsError.
    """
    parts = list(_parts(floors))
    if len(parts) > len(THRESHOLD_PARAMS):
        raise TooManyThresholdsError(
            f"{len(floors)} critical conditions do not fit into the parameters of a run: give "
            "fewer classes a min_sensitivity, or shorter names"
        )
    return dict(zip(THRESHOLD_PARAMS, parts, strict=False))


def _parts(floors: Mapping[str, float]) -> Iterator[str]:
    part: dict[str, float] = {}
    for name, floor in floors.items():
        if part and len(json.dumps({**part, name: floor})) > _SAFE_PARAM_CHARS:
            yield json.dumps(part)
            part = {}
        part[name] = floor
    yield json.dumps(part)


class ConditionStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    NO_DATA = "no_data"


def condition_status(sensitivity: float, threshold: float) -> ConditionStatus:
    """The status of a measured sensitivity; both arguments are fractions from 0 to 1."""
    if sensitivity >= threshold:
        return ConditionStatus.OK
    if sensitivity >= CRITICAL_FACTOR * threshold:
        return ConditionStatus.WARNING
    return ConditionStatus.CRITICAL
