"""Example responses of /api/monitoring."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

JOB_FIGURES: Mapping[str, Any] = {
    "total_jobs": 42,
    "jobs_completed": 31,
    "jobs_failed": 4,
    "jobs_stopped": 5,
    "jobs_running": 1,
    "jobs_pending": 1,
    "avg_duration_seconds": 8120.5,
}
USAGE: Mapping[str, Any] = {
    "total_training_jobs": 17,
    "total_runs": 42,
    "total_datasets": 3,
    "total_base_models": 2,
    "avg_wait_seconds": 1260.0,
}
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
