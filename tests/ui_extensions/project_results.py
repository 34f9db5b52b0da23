"""Documents such as the pipeline of a project writes, of any number of classes and with any names."""

from collections.abc import Mapping, Sequence
from typing import Any

MARKUP = '<img src=x onerror="window.pwned=1">'
HOSTILE_NAMES = (MARKUP, "patient 👩‍⚕️", "اسم المريض", "a column of many words " * 21)


def evaluation(classes: Sequence[str]) -> Mapping[str, Any]:
    """Curves, thresholds and reliability of each class, and the confusion of the first 40."""
    named = list(classes[:40])
    size = len(named) + (len(classes) > len(named))
    counts = [
        [60 if row == column else (row + column) % 3 for column in range(size)]
        for row in range(size)
    ]
    score = {"value": 0.79, "interval": [0.74, 0.83]}
    return {
        "selection_score": {"metric": "macro_f1", "value": 0.84, "interval": [0.82, 0.86]},
        "holdout_score": {"metric": "macro_f1", **score},
        "problem_type": "multiclass",
        "num_rows": 480,
        "num_groups": 120,
        "metrics": {
            "macro_f1": score,
            "accuracy": {"value": 0.8125, "interval": [0.77, 0.85]},
            "log_loss": {"value": 0.43, "interval": None},
        },
        "absent_classes": ["never seen"],
        "classes": [_class(name) for name in classes],
        "confusion": {
            "classes": named,
            "counts": counts,
            "has_others": size > len(named),
            "most_confused": [],
        },
        "reliability": {
            "bins": [_bin(at / 10, at / 10 - 0.03, 40) for at in range(1, 10)],
            "error": {"value": 0.031, "interval": [0.02, 0.05]},
            "uncalibrated_bins": [_bin(at / 10, (at / 10) ** 2, 40) for at in range(1, 10)],
            "uncalibrated_error": 0.12,
        },
        "gap": {
            "metric": "macro_f1",
            "selection": 0.84,
            "holdout": 0.79,
            "difference": 0.05,
            "interval": [0.01, 0.09],
            "sentence": "Selection promised too much.",
        },
        "abstention": {"threshold": 0.62, "sentence": "Below 0.62 the model abstains."},
        "notes": ["Rows of one group stay together."],
    }


def ranked(num_rows: int) -> list[Mapping[str, Any]]:
    return [
        {
            "rank": at + 1,
            "row": 3 * at,
            "label": "CANDIDATE",
            "ranked_class": "ill",
            "probability": 0.95 - at / (2 * num_rows),
            "decision": None if at > num_rows // 2 else "ill",
            "confidence": 0.9,
            "abstained": at > num_rows // 2,
            "probabilities": {"ill": 0.9},
        }
        for at in range(num_rows)
    ]


def leaks(names: Sequence[str]) -> list[Mapping[str, Any]]:
    return [
        {
            "column": name,
            "reason": "The model with it is almost never wrong, and one without it is often.",
            "score_with": 0.99,
            "score_without": 0.79,
            "left_out": True,
            "rules": ["score"],
        }
        for name in names
    ]


def _class(name: str) -> Mapping[str, Any]:
    estimate = {"value": 0.8, "interval": [0.7, 0.9]}
    share = {"completeness_interval": [0.5, 0.9], "reliability_interval": [0.6, 0.95]}
    return {
        "name": name,
        "support": 60,
        "num_groups": 20,
        "num_predicted": 58,
        "precision": estimate,
        "recall": estimate,
        "f1": estimate,
        "auroc": {"value": 0.91, "interval": [0.88, 0.94]},
        "average_precision": 0.87,
        "roc": [_point(0, 0), _point(0, 0.4), _point(0.1, 0.75), _point(0.4, 0.95), _point(1, 1)],
        "precision_recall": [_point(0, 1), _point(0.4, 0.97), _point(0.8, 0.8), _point(1, 0.3)],
        "reliability": [],
        "thresholds": [
            {
                "threshold": at / 20,
                "num_above": 120 - 6 * at,
                "num_found": 60 - 3 * at,
                "completeness": 1 - at / 20,
                "reliability": 0.5 + at / 40,
                **share,
            }
            for at in range(20)
        ],
    }


def _bin(said: float, happened: float, num_rows: int) -> Mapping[str, Any]:
    return {
        "mean_probability": said,
        "observed": happened,
        "observed_interval": [max(0.0, happened - 0.08), min(1.0, happened + 0.08)],
        "num_rows": num_rows,
    }


def _point(x: float, y: float) -> Mapping[str, Any]:
    return {"x": x, "y": y, "threshold": None}
