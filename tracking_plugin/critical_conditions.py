"""Classifies the sensitivity for a critical condition as ok, warning or critical."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

MIN_SENSITIVITY: Mapping[str, float] = MappingProxyType(
    {"RAO": 0.99, "RVO": 0.97, "Retinal_Detachment": 0.99, "CNV": 0.98}
)
"""The thresholds of the shipped taxonomy, for runs without the parameter `critical_thresholds`."""

CRITICAL_FACTOR = 0.9


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
