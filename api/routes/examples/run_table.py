"""Example responses of the table of runs."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

ROW: Mapping[str, Any] = {
    "run_id": RUN_ID,
    "run_name": "vit-small-3",
    "experiment_id": "1",
    "experiment_name": "retinal",
    "status": "completed",
    "alert": None,
    "start_time": "2026-06-13T08:22:10Z",
    "end_time": "2026-06-13T10:30:00Z",
    "duration_s": 7670.0,
    "parent_run_id": None,
    "num_children": 3,
    "params": {"lr": "0.001"},
    "metrics": {"val_loss": 0.538},
    "not_finite": {},
    "tags": {"team": "retina"},
}
GROUP: Mapping[str, Any] = {
    "value": "0.001",
    "is_cut": False,
    "num_runs": 5,
    "metrics": {
        "val_loss": {
            "num": 4,
            "num_not_finite": 1,
            "mean": 0.541,
            "std": 0.012,
            "min": 0.528,
            "max": 0.557,
        }
    },
}
NAMES: Mapping[str, Any] = {"names": ["batch_size", "lr"], "is_complete": True}
COMPARISON: Mapping[str, Any] = {
    "runs": [{**ROW, "params": {}, "metrics": {}, "tags": {}}],
    "missing": [],
    "params": [{"name": "lr", "values": ["0.001"], "differs": False}],
    "metrics": [{"name": "val_loss", "values": [0.538], "not_finite": [None], "differs": False}],
    "num_params": 1,
    "num_metrics": 1,
}
