"""Counts how often two versions of a model agree, with the interval of that proportion."""

from dataclasses import dataclass

from serving.engine.protocol import ModelDescription, ModelOutput
from tracking_plugin.names import ChallengerMetric
from tracking_plugin.wilson_interval import wilson_interval


@dataclass
class Agreement:
    """The counts of one pair of versions."""

    num_agreed: int = 0
    num_images: int = 0
    num_dropped: int = 0

    def add(self, agreed: bool) -> None:
        self.num_agreed += agreed
        self.num_images += 1

    def metrics(self) -> dict[str, float]:
        """The counts, and the agreement with its interval if anything was compared."""
        metrics: dict[str, float] = {
            ChallengerMetric.IMAGES: self.num_images,
            ChallengerMetric.DROPPED: self.num_dropped,
        }
        if self.num_images > 0:
            low, high = wilson_interval(self.num_agreed, self.num_images)
            metrics[ChallengerMetric.AGREEMENT] = self.num_agreed / self.num_images
            metrics[ChallengerMetric.AGREEMENT_LOW] = low
            metrics[ChallengerMetric.AGREEMENT_HIGH] = high
        return metrics


def top_class(output: ModelOutput, description: ModelDescription) -> str:
    """The name of the most probable class: versions may have their classes in different orders."""
    return description.classes[int(output.logits.argmax())]
