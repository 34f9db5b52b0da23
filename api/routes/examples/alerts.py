"""Example responses of /api/alerts."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

ALERT: Mapping[str, Any] = {
    "alert_id": "5f0c1a6be0f14f0a9d3c7f2b8e4d6a10",
    "run_id": RUN_ID,
    "condition": "RAO",
    "metric": "critical/RAO",
    "state": "firing",
    "level": "critical",
    "message": "critical/RAO is 0.8462 at step 120, below 0.99 "
    "(13 cases, 95% interval 0.578 to 0.957)",
    "message_code": "below",
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
    "recommendation": "Do not use this model where a missed RAO would do harm",
    "recommendation_code": "missed_condition",
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
