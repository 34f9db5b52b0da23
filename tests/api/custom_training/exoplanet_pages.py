"""The pages of the exoplanet frontend without a browser: their fetch calls, and the fields they read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tests.waiting import until

Files = Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True)
class ExoplanetPages:
    """`http` has the server's address, as the pages name it."""

    http: httpx.Client

    def train(
        self,
        model: str = "xgboost",
        *,
        dataset: str | None = None,
        files: Files | None = None,
        hyperparameters: Any = None,
        **more: str,
    ) -> httpx.Response:
        """As `handleStartTraining` of CustomPage.jsx."""
        form = {"model_type": model, "data_source": "user" if dataset is None else "nasa", **more}
        if dataset is not None:
            form["dataset_name"] = dataset
        form["hyperparameters"] = json.dumps(hyperparameters or {})
        # A browser sends this form as multipart even if it has no file.
        fields = {name: (None, text.encode()) for name, text in form.items()}
        return self.http.post("/api/custom/train", files={**fields, **(files or {})})

    def predict(self, model: str, files: Files | None = None, **more: str) -> httpx.Response:
        fields = {name: (None, it.encode()) for name, it in {"model_name": model, **more}.items()}
        return self.http.post("/api/pretrained/predict", files={**fields, **(files or {})})

    def started(self, *args: Any, **kwargs: Any) -> str:
        response = self.train(*args, **kwargs)
        data = response.json()
        assert response.status_code == 202, data
        assert data["success"] is True
        assert data["message"] == "Training started"
        session_id: str = data["session_id"]
        return session_id

    def progress(self, session_id: str) -> Any:
        """As the poll of CustomProgressPage.jsx, which reads three fields."""
        data = self.http.get(f"/api/custom/progress/{session_id}").json()
        assert data["success"] is True
        assert isinstance(data["progress"], int)
        assert isinstance(data["current_step"], str)
        assert datetime.fromisoformat(data["updated_at"]).year > 2000
        return data

    def until_status(self, session_id: str, status: str) -> Any:
        def reached() -> Any:
            found = self.progress(session_id)
            return found if found["status"] == status else None

        return until(reached, f"the status {status}")

    def result(self, session_id: str) -> httpx.Response:
        return self.http.get(f"/api/custom/result/{session_id}")


def shown_predictions(predictions: list[Any]) -> list[Any]:
    """As `formatPredictions` of CustomResultPage.jsx."""

    def reasons(importance: dict[str, float]) -> list[str]:
        most = sorted(importance.items(), key=lambda pair: -pair[1])[:4]
        return [f"{feature}: {100 * share:.1f}% importance" for feature, share in most]

    return [
        {
            "id": number + 1,
            "prediction": it["prediction"],
            "confidence": it["confidence"],
            "reasons": reasons(it["feature_importance"]),
            "isPositive": it["prediction"] == "CONFIRMED",
        }
        for number, it in enumerate(predictions)
    ]


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and sentence of an error, which the pages show in an alert."""
    data = response.json()
    assert data["success"] is False
    assert "Traceback" not in response.text
    return response.status_code, data["error"]
