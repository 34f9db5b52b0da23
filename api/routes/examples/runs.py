"""Example responses of GET /api/runs."""

from collections.abc import Mapping
from typing import Any

RUN_ID = "3f1c9a5be0d84c1f9a6d0f5b7c2e4a18"
METRICS: Mapping[str, Any] = {
    "loss": {"train": 0.412, "val": 0.538},
    "accuracy": {"train": 0.871, "val": 0.824},
    "auc_roc": {"macro": 0.957, "weighted": 0.961},
    "f1_score": 0.808,
    "learning_rate": 0.00042,
    "critical_conditions": {
        "RAO": {
            "sensitivity": 0.923,
            "threshold": 0.99,
            "status": "warning",
            "support": 13,
            "confidence_interval": [0.667, 0.986],
        }
    },
    "per_class": {"Fundus_Normal": 0.912, "Fundus_RAO": 0.923},
    "other": {"train/images_per_second": 612.4, "epoch": 15.0},
    "not_finite": {},
}
RUN: Mapping[str, Any] = {
    "run_id": RUN_ID,
    "run_name": "retfound-mae-7",
    "experiment_id": "1",
    "experiment_name": "retinal",
    "status": "stopped",
    "mlflow_status": "KILLED",
    "message": "Stopped by ada",
    "start_time": "2026-06-13T08:22:10Z",
    "end_time": "2026-06-13T10:30:00Z",
    "elapsed_time": 7670.0,
    "epoch": 15,
    "total_epochs": 50,
    "step": 7100,
    "alert": "warning",
    "threshold_problem": None,
    "recipe": "retinal",
    "evaluated_run": None,
    "loss": METRICS["loss"],
    "accuracy": METRICS["accuracy"],
    "auc_roc": METRICS["auc_roc"],
    "f1_score": 0.808,
    "not_finite": {},
    "headlines": [
        {
            "name": "val/loss",
            "value": METRICS["loss"]["val"],
            "role": "loss",
            "split": "val",
            "direction": "lower",
        }
    ],
}
STATUS: Mapping[str, Any] = {
    "status": "training",
    "message": "",
    "run_id": RUN_ID,
    "run_name": "retfound-mae-7",
    "experiment_id": "1",
    "mlflow_status": "RUNNING",
    "deleted": False,
    "epoch": 15,
    "total_epochs": 50,
    "batch": 100,
    "total_batches": 500,
    "step": 7100,
    "elapsed_time": 7670.0,
    "eta_seconds": 19180.0,
    "alert": "warning",
    "threshold_problem": None,
}
