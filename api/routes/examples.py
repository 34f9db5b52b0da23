"""The answers that the API's documentation shows; null fields are left out, as OpenAPI would."""

from collections.abc import Mapping
from typing import Any

RUN_ID = "3f1c9a5be0d84c1f9a6d0f5b7c2e4a18"
EVALUATION_RUN_ID = "b7c2e4a183f1c9a5be0d84c1f9a6d0f5"

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
SYSTEM: Mapping[str, Any] = {
    "cpu_usage": 45.2,
    "ram_usage": 67.8,
    "gpu": {"usage": 95.2, "memory_used": 38.4, "memory_total": 40.0, "temperature": 78.0},
}
_PLACE: Mapping[str, Any] = {"step": 7100, "epoch": 15, "batch": 100}

LATEST: Mapping[str, Any] = {
    **METRICS,
    **_PLACE,
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
            "direction": "higher",
            "subject": "model",
            "unit": "fraction",
            "bounds": [0.0, 1.0],
        }
    ],
    "groups": [{"name": "loss", "label": {"en": "Loss", "fr": "Perte"}}],
    "direction_words": {"lower": ["loss", "error"], "higher": ["accuracy", "recall"]},
}
SNAPSHOT: Mapping[str, Any] = {
    **_PLACE,
    "metrics": METRICS,
    "timestamp": "2026-06-13T10:30:00Z",
}
POINT: Mapping[str, Any] = {
    **_PLACE,
    "metric": "train/loss",
    "value": 0.412,
    "timestamp": "2026-06-13T10:30:00Z",
}
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
    "recipe": "retinal",
    "evaluated_run": None,
    "loss": METRICS["loss"],
    "accuracy": METRICS["accuracy"],
    "auc_roc": METRICS["auc_roc"],
    "f1_score": 0.808,
    "not_finite": {},
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
}
STATS: Mapping[str, Any] = {
    "cpu": {"usage_percent": 45.2, "count": 32},
    "memory": {
        "total": 270_000_000_000,
        "used": 183_000_000_000,
        "available": 87_000_000_000,
        "percent": 67.8,
    },
    "gpu": [
        {
            "id": 0,
            "name": "NVIDIA A100-SXM4-40GB",
            "load": 95.0,
            "memory_used": 41_231_686_042,
            "memory_total": 42_949_672_960,
            "memory_percent": 96.0,
            "temperature": 78.0,
        }
    ],
    "disk": {
        "total": 1_000_000_000_000,
        "used": 420_000_000_000,
        "free": 580_000_000_000,
        "percent": 42.0,
    },
    "timestamp": "2026-06-13T10:30:00Z",
}

CONTROLLED: Mapping[str, Any] = {
    "status": "success",
    "message": "The run is paused after step 7100 and keeps its accelerators",
    "training_status": "paused",
    "run_id": RUN_ID,
    "acknowledged": True,
    "released": False,
    "step": 7100,
}
RESUMED: Mapping[str, Any] = {
    **CONTROLLED,
    "message": "The run goes on after step 7100",
    "training_status": "training",
}
STOPPED: Mapping[str, Any] = {
    **CONTROLLED,
    "message": "The run is stopping after step 7100: it saves, and ends",
    "training_status": "stopping",
}
COMMAND: Mapping[str, Any] = {
    "id": 12,
    "action": "pause",
    "release": False,
    "who": "anonymous",
    "source": "127.0.0.1",
    "timestamp": "2026-06-13T10:30:00Z",
    "outcome": "done",
    "outcome_timestamp": "2026-06-13T10:30:00.412000Z",
    "message": "",
}
ALERT: Mapping[str, Any] = {
    "alert_id": "5f0c1a6be0f14f0a9d3c7f2b8e4d6a10",
    "run_id": RUN_ID,
    "condition": "RAO",
    "metric": "critical/RAO",
    "state": "firing",
    "level": "critical",
    "message": "critical/RAO is 0.8462 at step 120, below 0.99 "
    "(13 cases, 95% interval 0.578 to 0.957)",
    "current_value": 0.8462,
    "threshold": 0.99,
    "support": 13,
    "confidence_interval": [0.578, 0.957],
    "insufficient_evidence": True,
    "step": 120,
    "first_step": 120,
    "epoch": 3,
    "batch": 40,
    "timestamp": "2026-06-13T10:30:00Z",
    "started_at": "2026-06-13T10:30:00Z",
    "recommendation": "Do not use this model where RAO must not be missed",
    "action": "none",
    "acknowledged_by": "dr.bernard",
    "acknowledged_at": "2026-06-13T10:34:00Z",
    "note": "Looking at the images of class 8",
}
ALERT_CHANGE: Mapping[str, Any] = {
    "id": 7,
    "timestamp": "2026-06-13T10:30:00Z",
    "alert_id": "5f0c1a6be0f14f0a9d3c7f2b8e4d6a10",
    "condition": "RAO",
    "metric": "critical/RAO",
    "kind": "fired",
    "level": "critical",
    "step": 120,
    "value": 0.8462,
    "who": "",
    "note": "",
}
NOTIFICATION: Mapping[str, Any] = {
    "id": "c1d8f3a20b5e4f7d9a6e3b1c8f2d4e70",
    "run_id": RUN_ID,
    "service": "mailto",
    "title": "[critical] RAO on retfound-fold-2",
    "body": "RAO (critical): fired\ncritical/RAO is 0.8462 at step 120, below 0.99 "
    "(13 cases, 95% interval 0.578 to 0.957)",
    "created_at": "2026-06-13T10:30:05Z",
    "attempts": 1,
    "sent_at": "2026-06-13T10:30:06Z",
}
RECIPE: Mapping[str, Any] = {
    "name": "retinal",
    "kind": "training",
    "params_schema": {
        "properties": {"epochs": {"type": "integer", "minimum": 1, "default": 50}},
        "additionalProperties": False,
    },
}
STARTED: Mapping[str, Any] = {
    "status": "success",
    "message": "The run exists and its job is on its way",
    "training_status": "pending",
    "run_id": RUN_ID,
}
CREATED_JOB: Mapping[str, Any] = {
    "id": RUN_ID,
    "run_id": RUN_ID,
    "kind": "training",
    "type": "retinal",
    "status": "pending",
    "message": "",
    "progress": 0.0,
    "data": "/data/retina",
    "config": {"preset": "retfound-mae", "epochs": 50},
    "output_name": "fundus-classifier",
    "workers": 1,
    "attempt": 0,
    "silent": False,
    "created_at": "2026-06-13T08:21:40Z",
}
CANCELLED_JOB: Mapping[str, Any] = {
    **CREATED_JOB,
    "status": "stopping",
    "progress": 0.284,
    "current_epoch": 15,
    "current_step": 7100,
    "loss": 0.412,
    "attempt": 1,
    "started_at": "2026-06-13T08:22:10Z",
}
JOB: Mapping[str, Any] = {
    **CANCELLED_JOB,
    "status": "stopped",
    "message": "Stopped",
    "completed_at": "2026-06-13T10:30:00Z",
}
EVALUATE_JOB: Mapping[str, Any] = {
    "id": EVALUATION_RUN_ID,
    "run_id": EVALUATION_RUN_ID,
    "kind": "evaluate",
    "type": "evaluate",
    "status": "pending",
    "message": "",
    "progress": 0.0,
    "config": {"run_id": RUN_ID, "split": "test", "tta": True},
    "workers": 1,
    "attempt": 0,
    "silent": False,
    "created_at": "2026-06-13T10:31:00Z",
}
JOB_KIND: Mapping[str, Any] = {
    "name": "evaluate",
    "can_pause": False,
    "params_schema": {
        "properties": {"run_id": {"type": "string"}, "tta": {"type": "boolean", "default": False}},
        "required": ["run_id"],
        "additionalProperties": False,
    },
}
JOB_STARTED: Mapping[str, Any] = {
    "status": "started",
    "job_id": RUN_ID,
    "message": "The job is on its way",
}
LOG_LINE: Mapping[str, Any] = {"level": "info", "message": "epoch 15/50, step 7100"}
JOB_PROGRESS: Mapping[str, Any] = {
    "id": RUN_ID,
    "status": "training",
    "progress": 0.284,
    "current_epoch": 15,
    "total_epochs": 50,
    "current_step": 7100,
    "total_steps": 25000,
    "loss": 0.412,
    "current_image": "Fundus_RAO/0042.png",
    "eta_seconds": 19340.0,
    "recent_logs": [LOG_LINE],
}
JOB_FIGURES: Mapping[str, Any] = {
    "total_jobs": 42,
    "jobs_completed": 31,
    "jobs_failed": 4,
    "jobs_stopped": 5,
    "jobs_running": 1,
    "jobs_pending": 1,
    "avg_duration_seconds": 8120.5,
}
USAGE: Mapping[str, Any] = {"total_training_jobs": 17, "total_runs": 42}
DASHBOARD: Mapping[str, Any] = {
    "system": JOB_FIGURES,
    "usage": USAGE,
    "recent_activity": [
        {
            "type": "retinal",
            "run_id": RUN_ID,
            "name": "retfound-mae-7",
            "status": "training",
            "time": "2026-06-13T08:22:10Z",
        }
    ],
    "popular_presets": [{"recipe": "retinal", "preset": "retfound-mae", "count": 9}],
}


def answer(
    example: Any, *, is_list: bool = False, is_counted: bool = True, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """`example` as the documented answer of a route; a counted list says its total in a header."""
    shown: dict[str, Any] = {
        "content": {"application/json": {"example": [example] if is_list else example}}
    }
    if is_list and is_counted:
        shown["headers"] = {
            "X-Total-Count": {"schema": {"type": "integer"}, "description": "all there are"}
        }
    return {status: shown}
