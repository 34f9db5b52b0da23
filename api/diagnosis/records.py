"""The kept facts of a diagnosis, and a clinician's verdict on it; nothing here is about the patient."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_NOTE = 2000

_UNUSUAL = re.compile(r"[^\w.\- :]")


class Verdict(StrEnum):
    AGREE = "agree"
    OVERRULE = "overrule"


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A version of a registered model; `workspace` is empty where there are none."""

    workspace: str
    model: str
    version: str


@dataclass(frozen=True, kw_only=True)
class DiagnosisRecord:
    """`predicted_class` is empty if the model abstained; times in ms since the Unix epoch."""

    request_id: str
    model: ModelVersion
    predicted_class: str
    at_ms: int
    verdict: Verdict | None = None
    true_class: str | None = None
    note: str = ""
    verdict_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFeedback:
    """All verdicts on a model version: how often each pair of predicted and true class occurred."""

    model: ModelVersion
    run_id: str | None
    step: int
    counts: Mapping[tuple[str, str], int]


@dataclass(frozen=True, kw_only=True)
class GivenFeedback:
    """A verdict as it was kept, with all verdicts on the same model version."""

    record: DiagnosisRecord
    all: ModelFeedback


def feedback_metrics(counts: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """The metrics of pairs (predicted class, true class) and how often each occurred.

    `feedback/agreement/<Class>` is the share of the predictions of the class with which clinicians
    agreed, `feedback/support/<Class>` how many they judged. `feedback/sensitivity/<Class>` is the share
    of the images that clinicians gave the class which the model had given it too, and
    `feedback/sensitivity_support/<Class>` how many there are. Abstentions predict no class.
    """
    metrics: dict[str, float] = {}
    judged = {pair: num for pair, num in counts.items() if pair[0]}
    for position, (share, support) in enumerate(_METRICS):
        for name in sorted({pair[position] for pair in judged}):
            total = sum(num for pair, num in judged.items() if pair[position] == name)
            metrics[f"{share}/{_part(name)}"] = judged.get((name, name), 0) / total
            metrics[f"{support}/{_part(name)}"] = total
    return metrics


def _part(class_name: str) -> str:
    """The class in the name of a metric, in which MLflow accepts no other characters."""
    return _UNUSUAL.sub("_", class_name)


_METRICS: Sequence[tuple[str, str]] = (
    ("feedback/agreement", "feedback/support"),
    ("feedback/sensitivity", "feedback/sensitivity_support"),
)
