"""Describes one number that a model is given per row."""

from dataclasses import dataclass
from enum import StrEnum


class FeatureKind(StrEnum):
    NUMBER = "number"
    CATEGORY = "category"
    """Values are codes from 0 to `num_categories` - 1 without order."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature; NaN where its column is missing or has a category that training lacked."""

    name: str
    """`f0`, `f1` and so on: names that every library takes."""
    column: str
    """Of the table."""
    label: str
    """For people, unique: `koi_period`, `year of observed`."""
    kind: FeatureKind
    num_categories: int = 0
