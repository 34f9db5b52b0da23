"""Decides whether the service gives a diagnosis of an image, or says why it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.diagnosis.gates import DistributionVerdict
from serving.diagnosis.quality import QualityVerdict


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """`reasons` are sentences without a full stop; none of them means that there is a diagnosis."""

    gate_reasons: tuple[str, ...] = ()
    """The image is not one that the model can judge: its probabilities mean nothing."""
    confidence_reason: str = ""
    """The probabilities mean something, but are lower than the caller asked for."""

    @property
    def is_gated(self) -> bool:
        return bool(self.gate_reasons)

    @property
    def is_abstained(self) -> bool:
        return self.is_gated or bool(self.confidence_reason)

    @property
    def reason(self) -> str:
        reasons = [
            *self.gate_reasons,
            *([self.confidence_reason] if self.confidence_reason else []),
        ]
        return "; ".join(reasons)


def decide_abstention(
    *,
    quality: QualityVerdict,
    modality_problem: str | None,
    distribution: DistributionVerdict,
    confidence: float,
    confidence_threshold: float,
) -> Abstention:
    """The three gates, then the confidence, which must not be below the threshold."""
    gate_reasons: list[str] = []
    if not quality.is_gradable:
        gate_reasons.append(f"not gradable: {listed(quality.reasons)}")
    if modality_problem is not None:
        gate_reasons.append(modality_problem)
    if distribution.is_outside:
        gate_reasons.append(
            "outside what the model has seen: distance "
            f"{distribution.distance:.1f}, at most {distribution.threshold:.1f} is accepted"
        )
    low = ""
    if confidence < confidence_threshold:
        low = f"confidence {confidence:.2f} is below the threshold of {confidence_threshold:.2f}"
    return Abstention(gate_reasons=tuple(gate_reasons), confidence_reason=low)


def listed(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
