"""Example responses of /api/health and /api/stats."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

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
HEALTH: Mapping[str, Any] = {
    "status": "ok",
    "version": "1.0.0",
    "mlflow_version": "3.16.0",
    "is_bus_connected": True,
    "num_sockets": 3,
    "num_unread_writes": 0,
    "num_run_failures": 1,
    "failing_runs": [
        {
            "run_id": RUN_ID,
            "work": "Processing an event",
            "error": "ValueError",
            "num": 1,
            "timestamp": "2026-01-02T03:04:05Z",
        }
    ],
}
