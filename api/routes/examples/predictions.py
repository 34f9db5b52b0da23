"""Example response of /api/v1/projects/{project_id}/predict."""

from collections.abc import Mapping
from typing import Any

from api.routes.examples.runs import RUN_ID

PREDICTIONS: Mapping[str, Any] = {
    "status": "success",
    "model": {"name": "planets", "version": "2", "run_id": RUN_ID},
    "target": "koi_disposition",
    "classes": ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"],
    "count": 1,
    "predictions": [
        {
            "row": 1,
            "label": "CONFIRMED",
            "probabilities": {"CANDIDATE": 0.12, "CONFIRMED": 0.85, "FALSE POSITIVE": 0.03},
            "confidence": 0.85,
            "abstained": False,
            "reason": "",
            "warnings": [
                {
                    "row": 1,
                    "column": "koi_period",
                    "text": "outside the range seen in training, 0.2 to 729",
                }
            ],
            "explanation": {
                "model": "catboost",
                "output": "CONFIRMED",
                "adds_up_to": "log-odds of each class before softmax",
                "base_value": 0.1,
                "contributions": {"koi_period": 0.9},
                "sum": 1.0,
                "reasons": ["koi_period speaks for CONFIRMED"],
            },
        }
    ],
}
