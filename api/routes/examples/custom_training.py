"""Example responses of /api/custom and /api/pretrained."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.projects import PROJECT_ID
from api.routes.examples.runs import RUN_ID

STARTED: Mapping[str, Any] = {
    "success": True,
    "session_id": RUN_ID,
    "message": "Training started",
    "project_id": PROJECT_ID,
}
PREDICTION_STARTED: Mapping[str, Any] = {**STARTED, "message": "Prediction started"}
PROGRESS: Mapping[str, Any] = {
    "success": True,
    "session_id": RUN_ID,
    "status": "running",
    "progress": 45,
    "current_step": "The chosen models are trained",
    "stage": "model_training",
    "run_status": "training",
    "seconds_left": 140,
    "updated_at": "2026-11-28T12:00:31.250000Z",
}
RESULT: Mapping[str, Any] = {
    "success": True,
    "session_id": RUN_ID,
    "metrics": {
        "accuracy": 0.81,
        "macro_f1": 0.78,
        "classes": ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"],
        "confusion_matrix": [[201, 95, 99], [51, 471, 12], [62, 15, 881]],
        "intervals": {"accuracy": [0.79, 0.83], "macro_f1": [0.76, 0.8]},
    },
    "predictions": [
        {
            "id": 0,
            "row": 17,
            "prediction": "CONFIRMED",
            "confidence": 0.93,
            "probabilities": {"CANDIDATE": 0.05, "CONFIRMED": 0.93, "FALSE POSITIVE": 0.02},
            "feature_importance": {"koi_period": 0.75, "koi_prad": 0.25},
            "contributions": {"koi_period": 1.2, "koi_prad": -0.4},
            "base_value": -0.9,
            "explained": "log-odds of CONFIRMED",
            "actual": "CONFIRMED",
        }
    ],
    "model_info": {
        "selected_models": ["xgboost"],
        "target": "koi_disposition",
        "model_name": f"project-{PROJECT_ID}",
        "version": "1",
        "run_id": RUN_ID,
    },
}
