"""Example responses of /api/jobs and /api/training/."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

EVALUATION_RUN_ID = "b7c2e4a183f1c9a5be0d84c1f9a6d0f5"
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
    "priority": 5,
    "created_at": "2026-06-13T08:21:40Z",
}
_STOPPING_JOB: Mapping[str, Any] = {
    **CREATED_JOB,
    "status": "stopping",
    "progress": 0.284,
    "current_epoch": 15,
    "current_step": 7100,
    "loss": 0.412,
    "attempt": 1,
    "started_at": "2026-06-13T08:22:10Z",
}
CANCELLED_JOB: Mapping[str, Any] = {
    **_STOPPING_JOB,
    "acknowledged": True,
    "acknowledged_step": 7100,
}
JOB: Mapping[str, Any] = {
    **_STOPPING_JOB,
    "status": "stopped",
    "message": "Stopped",
    "can_resume": True,
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
    "priority": 5,
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
JOB_RESUMED: Mapping[str, Any] = {
    "status": "resumed",
    "job_id": RUN_ID,
    "message": "The job waits in the queue to go on",
}
JOB_QUEUE: Mapping[str, Any] = {
    "pool": "gpu",
    "num_slots": 1,
    "num_used": 1,
    "running": [
        {
            "job_id": RUN_ID,
            "type": "retinal",
            "priority": 5,
            "num_slots": 1,
            "position": None,
            "since": "2026-06-13T08:22:10Z",
        }
    ],
    "waiting": [
        {
            "job_id": "c1d2e3f4a5b60718293a4b5c6d7e8f90",
            "type": "retinal",
            "priority": 9,
            "num_slots": 1,
            "position": 1,
            "since": "2026-06-13T08:30:00Z",
        }
    ],
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
