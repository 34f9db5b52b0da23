"""Makes the report of a test evaluation: figures as plain JSON, and one self-contained HTML page."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from tracking_plugin.wilson_interval import Interval
from training.recipes.segmentation.scoring import SegmentationMetrics

_TEMPLATE = "report.html"


def report_document(
    metrics: SegmentationMetrics,
    intervals: Mapping[str, Interval],
    *,
    run: Mapping[str, str],
    methods: Mapping[str, Any],
    left_out: Mapping[str, int],
    seen: Mapping[str, int] | None,
) -> dict[str, Any]:
    """Every figure of the report; an undefined one is null. The first class is the background."""

    def estimate(value: float | None, key: str) -> dict[str, Any]:
        interval = None if value is None else intervals.get(key)
        return {"value": value, "interval": None if interval is None else list(interval)}

    classes = [
        {
            "name": name,
            "is_background": position == 0,
            "num_images": found.num_images,
            "num_pixels": found.num_pixels,
            "dice": estimate(found.dice, f"dice/{name}"),
            "iou": estimate(found.iou, f"iou/{name}"),
        }
        for position, (name, found) in enumerate(metrics.classes.items())
    ]
    return {
        "run": dict(run),
        "num_images": metrics.num_images,
        "left_out_images": dict(left_out),
        "seen_images": None if seen is None else dict(seen),
        "methods": dict(methods),
        "metrics": {name: estimate(value, name) for name, value in metrics.overall.items()},
        "classes": classes,
        "confusion_matrix": metrics.confusion_matrix,
    }


def render_report(document: Mapping[str, Any]) -> str:
    """The HTML page of a document, which loads nothing else; names in it are escaped."""
    # Class names come from a file of the data set, so everything is escaped by default.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["estimate"] = _estimate
    source = resources.files("training.recipes.segmentation") / _TEMPLATE
    return environment.from_string(source.read_text(encoding="utf-8")).render(document)


def _estimate(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return "undefined"
    interval = estimate["interval"]
    spread = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return f"{estimate['value']:.3f}{spread}"
