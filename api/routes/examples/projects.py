"""Example responses of /api/v1/projects."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

PROJECT_ID = "0b5a1c9e7d3f4e2ab6c8d0f1a2b3c4d5"
TARGET: Mapping[str, Any] = {
    "column": "koi_disposition",
    "problem_type": "multiclass",
    "num_classes": 3,
    "classes": {"CANDIDATE": 1978, "CONFIRMED": 2746, "FALSE POSITIVE": 4840},
    "undecided": ["CANDIDATE"],
    "ranks_undecided": False,
    "num_unlabelled": 0,
    "reason": "The description names disposition.",
    "alternatives": [],
    "notes": [],
}
OFFER: Mapping[str, Any] = {
    "id": "undecided_labels",
    "text": "The labels 'CANDIDATE' are undecided. What to do with them?",
    "options": ["treat them as classes", "leave them out of training and rank them"],
}
_COMMON: Mapping[str, Any] = {
    "project_id": PROJECT_ID,
    "project_name": "cumulative",
    "created_at": "2026-06-13T08:21:40Z",
}
CREATED: Mapping[str, Any] = {
    **_COMMON,
    "status": "created",
    "dataset_info": {
        "dataset_name": "cumulative.csv",
        "file_type": "delimited_text",
        "num_rows": 9564,
        "num_columns": 49,
        "target": TARGET,
        "group": {"column": "kepid", "reason": "The table is Kepler's cumulative table."},
    },
    "message": "Project created successfully",
    "question": None,
}
SUMMARY: Mapping[str, Any] = {
    **_COMMON,
    "status": "training",
    "updated_at": "2026-06-13T08:24:10Z",
    "dataset_name": "cumulative.csv",
    "problem_description": "Tell planets from false positives",
    "current_stage": "model_training",
    "progress_percentage": 45,
    "question": None,
    "run_id": RUN_ID,
    "holdout_score": None,
}
GALAXY: Mapping[str, Any] = {
    **_COMMON,
    "status": "training",
    "current_stage": "model_training",
    "progress_percentage": 45,
    "num_samples": 9564,
    "has_question": False,
    "run_id": RUN_ID,
    "holdout_score": None,
    "num_runs": 31,
    "runs": [
        {
            "run_id": RUN_ID,
            "run_name": "cumulative",
            "status": "training",
            "is_candidate": False,
            "selection_loss": None,
            "holdout_score": None,
        }
    ],
}
PROGRESS: Mapping[str, Any] = {
    "project_id": PROJECT_ID,
    "status": "training",
    "current_stage": "model_training",
    "progress_percentage": 45,
    "message": "The chosen models are trained",
    "stage_details": {"run_status": "training", "run_id": RUN_ID, "num_samples": 9564},
    "estimated_time_remaining": 140,
    "question": None,
    "run_id": RUN_ID,
}
DETAIL: Mapping[str, Any] = {
    **_COMMON,
    "status": "completed",
    "updated_at": "2026-06-13T08:29:02Z",
    "completed_at": "2026-06-13T08:29:02Z",
    "dataset_id": "9d5e7c0fae7c2d5ab51c1e9f1e0b8f6d2c3a4b5c6d7e8f90a1b2c3d4e5f60718",
    "dataset_name": "cumulative.csv",
    "dataset_type": "delimited_text",
    "num_samples": 9564,
    "num_features": 48,
    "problem_description": "Tell planets from false positives",
    "problem_type": "multiclass",
    "selected_models": ["catboost", "lightgbm"],
    "best_model_id": f"project-{PROJECT_ID}/1",
    "metrics": {"holdout/macro_f1": 0.79, "selection/macro_f1": 0.8},
    "evaluation_report": {"num_rows": 1913, "metrics": {"macro_f1": {"value": 0.79}}},
    "endpoint_id": f"project-{PROJECT_ID}/1",
    "prediction_endpoint": f"/api/v1/projects/{PROJECT_ID}/predict",
    "artifact_paths": {"leaks": f"runs:/{RUN_ID}/project/leaks.json"},
    "message": "The model is ready",
    "current_stage": "model_deployment",
    "progress_percentage": 100,
    "run_status": "completed",
    "run_id": RUN_ID,
    "experiment_id": "3",
    "target": TARGET,
    "group": {"column": "kepid", "reason": "The table is Kepler's cumulative table."},
    "columns": [{"name": "koi_period", "kind": "number", "unit": None, "num_missing": 0}],
    "profile": {"num_duplicate_rows": 0},
    "notes": [],
    "question": None,
    "offers": [OFFER],
    "answers": [],
    "overrides": [],
    "settings": {"group": None, "date": None, "budget_s": 300.0},
    "leaks": [
        {
            "column": "koi_score",
            "reason": "It is derived from the disposition.",
            "score_with": 0.91,
            "score_without": 0.79,
            "left_out": True,
        }
    ],
    "selection_score": {"metric": "macro_f1", "value": 0.8, "interval": None},
    "holdout_score": {"metric": "macro_f1", "value": 0.79, "interval": [0.77, 0.81]},
    "ranked": [],
    "num_ranked": 0,
}
DELETED: Mapping[str, Any] = {
    "project_id": PROJECT_ID,
    "status": "deleted",
    "message": (
        "Deleted the upload (3,668,482 bytes), 7 runs with all artifacts, and 1 version of the "
        f"model project-{PROJECT_ID}"
    ),
    "deleted": {"upload_bytes": 3668482, "num_runs": 7, "num_models": 1},
}
