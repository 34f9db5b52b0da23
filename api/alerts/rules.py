"""Alert rules, and the fields that a rule has in a file."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api.alerts.conditions import Bound, Condition, NotFinite
from api.alerts.metric_pattern import MetricPattern
from api.alerts.metric_selector import MetricSelector
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
    metric: MetricSelector
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
    not_finite: bool = False
    critical_factor: Annotated[float, Field(gt=0, le=1)] = 0.9
    for_: Annotated[int, Field(ge=1, le=1000, alias="for")] = 1
    clear_for: Annotated[int, Field(ge=1, le=1000)] = 2
    action: Annotated[RuleAction, Field(strict=False)] = RuleAction.NONE
    recommendation: Annotated[str, Field(max_length=1000)] = ""

    _name_is_one = field_validator("name")(_printable)
    _metric_is_one = field_validator("metric", "support")(_pattern)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [
            *(["below"] if self.below is not None else []),
            *(["above"] if self.above is not None else []),
            *(["not_finite"] if self.not_finite else []),
        ]
        if not given:
            raise ValueError(
                "below or above is required, or not_finite: true: without one, the rule never fires"
            )
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} cannot be combined: write two rules")
        if self.not_finite:
            self._require_no_bound()
            return self
        if self.support is not None and self.support.count("*") > self.metric.count("*"):
            raise ValueError(
                "support has more * than metric: each * of support takes its text from a * of metric"
            )
        self._require_in_range()
        return self

    def _require_no_bound(self) -> None:
        """Refuse fields that would have no effect with not_finite."""
        for name in ("critical_factor", "support"):
            if name in self.model_fields_set:
                raise ValueError(f"{name} belongs to a bound, and not_finite has none: remove it")

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
            condition=self._condition,
            patience=Patience(to_fire=self.for_, to_clear=self.clear_for),
            action=self.action,
            recommendation=self.recommendation,
        )

    @property
    def _condition(self) -> Condition:
        if self.not_finite:
            return NotFinite()
        return Bound(
            below=self.below,
            above=self.above,
            critical_factor=self.critical_factor,
            has_support=self.support is not None,
        )
