"""Example responses of /api/metrics."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import METRICS, RUN_ID

SYSTEM: Mapping[str, Any] = {
    "cpu_usage": 45.2,
    "ram_usage": 67.8,
    "gpu": {"usage": 95.2, "memory_used": 38.4, "memory_total": 40.0, "temperature": 78.0},
}
LATEST: Mapping[str, Any] = {
    **METRICS,
    "step": 7100,
    "epoch": 15,
    "batch": 100,
    "run_id": RUN_ID,
    "timestamp": "2026-06-13T10:30:00Z",
    "system": SYSTEM,
}
METRIC_CATALOG: Mapping[str, Any] = {
    "metrics": [
        {
            "name": "val/loss",
            "label": {"en": "Validation loss", "fr": "Perte de validation"},
            "short_label": "val loss",
            "short_name": "loss",
            "part": "val",
            "role": "loss",
            "split": "val",
            "group": "loss",
            "direction": "lower",
            "subject": "model",
            "unit": "",
            "is_headline": True,
        }
    ],
    "families": [
        {
            "prefix": "per_class/",
            "label": {"en": "Recall by class", "fr": "Rappel par classe"},
            "role": "class",
            "direction": "higher",
            "subject": "model",
            "unit": "fraction",
            "bounds": [0.0, 1.0],
        }
    ],
    "groups": [{"name": "loss", "label": {"en": "Loss", "fr": "Perte"}}],
    "direction_words": {"lower": ["loss", "error"], "higher": ["accuracy", "recall"]},
    "words": {
        "splits": [{"split": "val", "words": ["val", "valid", "eval"]}],
        "terms": [
            {
                "role": "loss",
                "direction": "lower",
                "group": "loss",
                "measure": "loss",
                "words": ["loss", "cross entropy"],
                "suffixes": ["loss"],
            }
        ],
        "plain": ["total", "mean"],
        "granularity": ["step", "epoch"],
        "settings": ["weight", "scale"],
        "counts": ["num"],
        "undirected": ["policy"],
    },
}
SNAPSHOT: Mapping[str, Any] = {
    "step": 7100,
    "epoch": 15,
    "batch": 100,
    "metrics": METRICS,
    "timestamp": "2026-06-13T10:30:00Z",
}
POINT: Mapping[str, Any] = {
    "step": 7100,
    "epoch": 15,
    "batch": 100,
    "metric": "train/loss",
    "value": 0.412,
    "timestamp": "2026-06-13T10:30:00Z",
}
