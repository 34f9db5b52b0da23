"""Example responses of commands to runs."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

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
    "name": None,
    "arguments": None,
    "step": None,
    "release": False,
    "who": "anonymous",
    "source": "127.0.0.1",
    "timestamp": "2026-06-13T10:30:00Z",
    "outcome": "done",
    "outcome_timestamp": "2026-06-13T10:30:00.412000Z",
    "message": "",
}
INSTRUCTION: Mapping[str, Any] = {
    "id": 13,
    "run_id": RUN_ID,
    "name": "extend_budget",
    "arguments": {"seconds": 600},
    "status": "done",
    "step": 7100,
    "message": "The search ends 600 s later",
    "who": "anonymous",
    "source": "127.0.0.1",
    "timestamp": "2026-06-13T10:30:00Z",
    "taken_at": "2026-06-13T10:30:00.210000Z",
    "answered_at": "2026-06-13T10:30:00.412000Z",
}
UNDERSTOOD: Mapping[str, Any] = {
    "names": ["save_now", "set_learning_rate", "sample_now", "set_prompts"],
    "reason": "",
}
