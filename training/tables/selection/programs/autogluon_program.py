"""Fits and asks AutoGluon, in its environment."""

import json
from pathlib import Path
from typing import Any

import autogluon.tabular as autogluon
import numpy as np
import pandas as pd

_METRICS = {"binary": "log_loss", "multiclass": "log_loss", "regression": "root_mean_squared_error"}


def fit(model_folder: Path, work: Path) -> dict[str, Any]:
    """Fit the rows of the work folder within its budget; folds are AutoGluon's groups.

    The preset keeps the models of all folds, and fits none again after its time.
    """
    task = json.loads((work / "task.json").read_text())
    frame = _frame(np.load(work / "values.npy"), task)
    targets, folds = np.load(work / "targets.npy"), np.load(work / "folds.npy")
    frame["target"] = targets if task["problem_type"] == "regression" else targets.astype(int)
    frame["fold"] = folds
    frame = frame[folds >= 0]
    metric = _METRICS[task["problem_type"]]
    predictor = autogluon.TabularPredictor(
        label="target",
        problem_type=task["problem_type"],
        eval_metric=metric,
        path=str(model_folder),
        groups="fold",
        verbosity=0,
    )
    predictor.fit(
        frame,
        time_limit=float((work / "budget").read_text()),
        presets="best_quality",
        dynamic_stacking=False,
        num_cpus=task["num_threads"],
        raise_on_no_models_fitted=False,
    )
    if not predictor.model_names():
        return {"error": "it fitted no model within its seconds. Give it a larger budget."}
    (model_folder / "fovea_task.json").write_text(json.dumps(task))
    best = predictor.leaderboard(silent=True)["score_val"].max()
    return {"version": autogluon.__version__, "metric": metric, "score": float(-best)}


def predict(model_folder: Path, work: Path) -> dict[str, Any]:
    """Write the probabilities of all classes, or the numbers, of the work folder's rows."""
    task = json.loads((model_folder / "fovea_task.json").read_text())
    predictor = autogluon.TabularPredictor.load(str(model_folder))
    frame = _frame(np.load(work / "rows.npy"), task)
    if task["problem_type"] == "regression":
        predictions = predictor.predict(frame).to_numpy()[:, np.newaxis]
    else:
        found = predictor.predict_proba(frame)
        predictions = np.zeros((len(frame), task["num_classes"]))
        for code in found.columns:
            predictions[:, int(code)] = found[code]
    np.save(work / "predictions.npy", predictions.astype(np.float64))
    return {}


def _frame(values: Any, task: dict[str, Any]) -> Any:
    frame = pd.DataFrame(values, columns=[f"f{at}" for at in range(values.shape[1])])
    for at in task["categories"]:
        frame[f"f{at}"] = frame[f"f{at}"].astype("Int64").astype("category")
    return frame
