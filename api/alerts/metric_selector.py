"""Selects the metrics that a rule applies to: by a pattern, or by what their names say."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from api.runs.metric_classifier import classify, is_whole_loss
from api.runs.metric_roles import Role, Split


class MetricSelector(Protocol):
    """`text` names the metrics to people."""

    @property
    def text(self) -> str: ...

    def match(self, name: str) -> tuple[str, ...] | None:
        """The texts that the wildcards of a pattern stand for in `name`; None if it is not selected."""
        ...


@dataclass(frozen=True)
class AnyLoss:
    """Every loss and every part of one, by the names of Fovea's and of other programs."""

    text: str = "loss"

    def match(self, name: str) -> tuple[str, ...] | None:
        return () if classify(name).role is Role.LOSS else None


@dataclass(frozen=True)
class WholeLoss:
    """The loss that a training minimises, on one of the splits; not the parts that it is the sum of."""

    splits: Collection[Split]

    @property
    def text(self) -> str:
        return "loss"

    def match(self, name: str) -> tuple[str, ...] | None:
        return () if is_whole_loss(name, *self.splits) else None
