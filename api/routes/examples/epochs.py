"""Example responses of /api/epochs and /api/compare/epochs."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import METRICS, RUN_ID

EPOCH: Mapping[str, Any] = {
    "run_id": RUN_ID,
    "epoch": 14,
    "total_batches": 500,
    "first_step": 6501,
    "last_step": 7000,
    "start_time": "2026-06-13T10:21:00Z",
    "end_time": "2026-06-13T10:29:30Z",
    "duration": 510.0,
    "metrics": METRICS,
}
EVALUATED_EPOCH: Mapping[str, Any] = {
    **EPOCH,
    "classes": ["Fundus_Normal", "Fundus_RAO"],
    "confusion_matrix": [[52, 5], [1, 12]],
    "class_report": {
        "Fundus_Normal": {
            "support": 57,
            "precision": 0.981,
            "recall": 0.912,
            "f1": 0.945,
            "specificity": 0.923,
            "auc_roc": 0.957,
        }
    },
}
COMPARISON: Mapping[str, Any] = {
    "run_id": RUN_ID,
    "metrics": ["val/accuracy"],
    "epochs": [
        {"epoch": 1, "metrics": {"accuracy": {"val": 0.612}}},
        {"epoch": 14, "metrics": {"accuracy": {"val": 0.824}}},
    ],
}
