"""Alert rules, and the fields that a rule has in a file."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api.alerts.conditions import Bound, Condition
from api.alerts.metric_pattern import MetricPattern
from api.alerts.state_machine import Patience
from api.runs.metric_catalog import METRIC_CATALOG

MAX_NAME_CHARS = 64
MAX_METRIC_CHARS = 250
"""MLflow's limit."""


class RuleAction(StrEnum):
    """The command that a rule sends to the run when it fires."""

    NONE = "none"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A condition on the metrics that match `metric`; `support` names their numbers of cases."""

    name: str
    metric: MetricPattern
    condition: Condition
    support: MetricPattern | None = None
    patience: Patience = field(default_factory=Patience)
    action: RuleAction = RuleAction.NONE
    recommendation: str = ""

    def support_of(self, metric: str) -> str | None:
        """The name of the metric that holds the number of cases of `metric`."""
        texts = self.metric.match(metric)
        if self.support is None or texts is None:
            return None
        return self.support.filled(texts)


def _pattern(text: str) -> str:
    parts = text.split("/")
    if not all(part.strip() for part in parts) or text != text.strip():
        raise ValueError(f"an MLflow metric such as val/loss was expected, not {text!r}")
    return text


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"a short name such as RAO was expected, not {text!r}")
    return text


class WrittenRule(BaseModel):
    """A rule in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
    metric: Annotated[str, Field(min_length=1, max_length=MAX_METRIC_CHARS)]
    support: Annotated[str, Field(min_length=1, max_length=MAX_METRIC_CHARS)] | None = None
    below: float | None = None
    above: float | None = None
    critical_factor: Annotated[float, Field(gt=0, le=1)] = 0.9
    for_: Annotated[int, Field(ge=1, le=1000, alias="for")] = 1
    clear_for: Annotated[int, Field(ge=1, le=1000)] = 2
    action: Annotated[RuleAction, Field(strict=False)] = RuleAction.NONE
    recommendation: Annotated[str, Field(max_length=1000)] = ""

    _name_is_one = field_validator("name")(_printable)
    _metric_is_one = field_validator("metric", "support")(_pattern)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.below is None and self.above is None:
            raise ValueError("below or above is required: without a bound, the rule never fires")
        if self.below is not None and self.above is not None:
            raise ValueError("below and above cannot be combined: write two rules")
        if self.support is not None and self.support.count("*") > self.metric.count("*"):
            raise ValueError(
                "support has more * than metric: each * of support takes its text from a * of metric"
            )
        self._require_in_range()
        return self

    def _require_in_range(self) -> None:
        """Refuse a bound outside the range of the metric: every value or none would break it."""
        bound = self.below if self.below is not None else self.above
        assert bound is not None
        least, most = METRIC_CATALOG.bounds_of(self.metric) or (float("-inf"), float("inf"))
        if not least <= bound <= most:
            hint = f": {bound / 100:g} is {bound:g}%" if 1 < bound <= 100 and most == 1 else ""
            raise ValueError(
                f"{self.metric} lies between {least:g} and {most:g}, so {bound:g} cannot be "
                f"its bound{hint}"
            )

    @property
    def rule(self) -> Rule:
        return Rule(
            name=self.name,
            metric=MetricPattern(self.metric),
            support=None if self.support is None else MetricPattern(self.support),
            condition=Bound(
                below=self.below,
                above=self.above,
                critical_factor=self.critical_factor,
                has_support=self.support is not None,
            ),
            patience=Patience(to_fire=self.for_, to_clear=self.clear_for),
            action=self.action,
            recommendation=self.recommendation,
        )
