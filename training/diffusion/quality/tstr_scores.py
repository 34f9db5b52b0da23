"""Compares the classifier that has seen synthetic images with the one that has seen real ones."""

from collections.abc import Mapping
from math import isfinite

import torch
from torch import Tensor

from tracking_plugin.wilson_interval import Interval
from training.diffusion.quality.schema import Result
from training.evaluation.intervals import percentile_intervals
from training.evaluation.metrics import evaluate_predictions
from training.evaluation.scoring import Predictions, WeightedScores, summary
from training.taxonomies.taxonomy import Taxonomy

SYNTHETIC, REAL, DIFFERENCE = "synthetic", "real", "difference"
HEADLINE = "accuracy"
SCORES_ARTIFACT = "tstr/scores.json"


class Figure(Result):
    """A metric with its 95 % interval; undefined figures are None."""

    value: float | None
    interval: Interval | None = None


class ComparedMetric(Result):
    """A metric of both classifiers on the same real test images."""

    synthetic: Figure
    real: Figure
    """The line to beat."""
    difference: Figure
    """Synthetic less real, with the interval of the pairs."""


class Arm(Result):
    """What one classifier was trained on."""

    num_images: int
    num_copies: int
    """Images that were left out, because they are copies of held-out images."""
    steps: int
    recall: Mapping[str, float]
    """Of each class that the test images have."""


class TstrScores(Result):
    """The result of the command."""

    synthetic: Arm
    real: Arm
    num_test_images: int
    num_test_patients: int | None
    """None if the patients are not known, so that images count as independent."""
    num_of_test_patients: int
    """Real training images of patients who have test images, too."""
    classes: tuple[str, ...]
    metrics: Mapping[str, ComparedMetric]
    conclusion: str

    def logged(self) -> dict[str, float]:
        """The figures by their MLflow names, undefined ones left out."""
        named = {
            f"tstr_{part}/{name}": getattr(metric, part).value
            for name, metric in self.metrics.items()
            for part in (SYNTHETIC, REAL, DIFFERENCE)
        }
        return {name: value for name, value in named.items() if value is not None}

    def lines(self) -> list[str]:
        """The result for a terminal."""
        unit = "images" if self.num_test_patients is None else "patients"
        rows: list[tuple[str, ...]] = [("", "on synthetic", "on real", "difference")]
        for name, metric in self.metrics.items():
            figures = (metric.synthetic, metric.real, metric.difference)
            rows.append((name, *map(_text, figures)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return [
            (
                f"Trained on {self.synthetic.num_images} synthetic and on {self.real.num_images} "
                f"real images, {self.synthetic.steps} and {self.real.steps} steps; scored on "
                f"{self.num_test_images} real test images. 95 % intervals by {unit}."
            ),
            *table,
            self.conclusion,
        ]


def compare_classifiers(
    synthetic: Predictions,
    real: Predictions,
    *,
    groups: Tensor | None,
    num_resamples: int,
    seed: int,
) -> tuple[dict[str, ComparedMetric], str]:
    """The metrics of both, and a sentence about their accuracy.

    Each resample of the bootstrap draws the same images, or patients, for both classifiers, so that
    the interval of the difference is that of pairs.
    """
    scores = {SYNTHETIC: WeightedScores(synthetic), REAL: WeightedScores(real)}

    def measure(weights: Tensor) -> dict[str, Tensor]:
        parts = {
            part: {
                "loss": each.loss(weights),
                **summary(each.confusion(weights), each.auroc(weights)),
            }
            for part, each in scores.items()
        }
        parts[DIFFERENCE] = {
            name: value - parts[REAL][name] for name, value in parts[SYNTHETIC].items()
        }
        return {
            f"{part}/{name}": value
            for part, found in parts.items()
            for name, value in found.items()
        }

    num_samples = scores[REAL].num_samples
    values = measure(torch.ones(1, num_samples, dtype=torch.float64))
    intervals = percentile_intervals(
        measure, num_samples, num_resamples=num_resamples, seed=seed, groups=groups
    )
    names = [name.partition("/")[2] for name in values if name.startswith(f"{REAL}/")]
    metrics = {
        name: ComparedMetric(
            **{
                part: _figure(values[f"{part}/{name}"].item(), intervals.get(f"{part}/{name}"))
                for part in (SYNTHETIC, REAL, DIFFERENCE)
            }
        )
        for name in names
    }
    return metrics, _conclusion(metrics[HEADLINE])


def recall_by_class(predictions: Predictions, taxonomy: Taxonomy) -> dict[str, float]:
    """The recall of each class that has test images."""
    return evaluate_predictions(predictions, taxonomy).recall


def _figure(value: float, interval: Interval | None) -> Figure:
    return Figure(
        value=value if isfinite(value) else None, interval=interval if isfinite(value) else None
    )


def _conclusion(headline: ComparedMetric) -> str:
    difference = headline.difference
    if difference.value is None or difference.interval is None:
        return "Unknown: one test image or patient is too few to compare the classifiers."
    low, high = difference.interval
    if low <= 0 <= high:
        return (
            "Not shown to differ: the accuracy of the classifier that was trained on synthetic "
            f"images differs by {low:+.3f} to {high:+.3f} from that of real images."
        )
    words = "more" if low > 0 else "less"
    return (
        f"The classifier that was trained on synthetic images is {words} accurate on real ones than "
        f"that which was trained on real ones, by {difference.value:+.3f} ({low:+.3f} to {high:+.3f})."
    )


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "undefined"
    if figure.interval is None:
        return f"{figure.value:.3f}"
    low, high = figure.interval
    return f"{figure.value:.3f} ({low:.3f} to {high:.3f})"
