"""The outputs of a classifier on a split, and the evidence that is fitted on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from training.evidence.registration import Registration
from training.evidence.schema import ModelEvidence


@dataclass(frozen=True, kw_only=True)
class ClassifierOutputs:
    """One row per sample, once each, on the CPU."""

    logits: Tensor
    """[N, C], floating point."""
    targets: Tensor
    """Int64 [N]."""
    features: Tensor | None
    """[N, D]: the input of the last layer; None if the network does not say what that is."""


@dataclass(frozen=True, kw_only=True)
class FittedEvidence:
    """What was shown of a model, and whether it may be registered."""

    evidence: ModelEvidence
    statistics: Mapping[str, Tensor] = field(default_factory=dict)
    """The tensors of its feature statistics; empty without any."""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """Further JSON for the run, by artifact path."""
    images: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    """RGB pixels for the run, by key."""
    registration: Registration | None = None
    """None registers it without a word."""


def no_evidence(reason: str) -> FittedEvidence:
    """The evidence of a model of which nothing was shown, with the reason as a sentence."""
    return FittedEvidence(evidence=ModelEvidence(missing=(reason,)))
