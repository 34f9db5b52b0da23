"""Asks TabICL, which learns in context: its model is a checkpoint with the training rows."""

import hashlib
import importlib.metadata
import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tabicl import TabICLClassifier, TabICLRegressor

CHECKPOINT = "FOVEA_TABICL_CHECKPOINT"
_TASK = "fovea_task.json"


def fit(model_folder: Path, work: Path) -> dict[str, Any]:
    """Keep the rows of the work folder, and predict its folds while its seconds last."""
    begun_s = time.monotonic()
    task = json.loads((work / "task.json").read_text())
    checkpoint = Path(os.environ[CHECKPOINT])
    if error := _unusable(checkpoint, task):
        return {"error": error}
    model_folder.mkdir()
    values, targets = np.load(work / "values.npy"), np.load(work / "targets.npy")
    np.save(model_folder / "values.npy", values)
    np.save(model_folder / "targets.npy", targets)
    (model_folder / _TASK).write_text(json.dumps(task))
    end_s = begun_s + float((work / "budget").read_text())
    score = _validated(task, values, targets, np.load(work / "folds.npy"), end_s)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    notes = [f"Its checkpoint is {checkpoint.name} with the SHA-256 {digest}."]
    if score is None:
        notes.append("Its seconds were over before all folds were predicted: it has no score.")
    return {
        "version": importlib.metadata.version("tabicl"),
        "metric": "root_mean_squared_error" if _is_regression(task) else "log_loss",
        "score": score,
        "notes": notes,
    }


def predict(model_folder: Path, work: Path) -> dict[str, Any]:
    """Write the probabilities of all classes, or the numbers, of the work folder's rows."""
    task = json.loads((model_folder / _TASK).read_text())
    values, targets = np.load(model_folder / "values.npy"), np.load(model_folder / "targets.npy")
    np.save(work / "predictions.npy", _predicted(task, values, targets, np.load(work / "rows.npy")))
    return {}


def _unusable(checkpoint: Path, task: dict[str, Any]) -> str | None:
    """Why the checkpoint cannot predict this; nothing in it is executed."""
    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
        max_classes = loaded["config"]["max_classes"]
        assert isinstance(loaded["state_dict"], dict)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError):
        return "its checkpoint holds something else than tensors and plain values."
    except (AssertionError, KeyError, TypeError):
        return "its checkpoint is not one of TabICL."
    if (max_classes == 0) is not _is_regression(task):
        made_for = "numbers" if max_classes == 0 else "classes"
        return f"its checkpoint predicts {made_for}, but the target is of the other kind."
    return None


def _validated(
    task: dict[str, Any], values: Any, targets: Any, fold_of_row: Any, end_s: float
) -> float | None:
    """The loss over the validated rows of all folds; None if the time is over before."""
    losses = []
    for fold in range(fold_of_row.max() + 1):
        if time.monotonic() > end_s:
            return None
        is_validated = fold_of_row == fold
        found = _predicted(
            task, values[~is_validated], targets[~is_validated], values[is_validated]
        )
        wanted = targets[is_validated]
        if _is_regression(task):
            losses.append((found[:, 0] - wanted) ** 2)
        else:
            likely = found[np.arange(len(wanted)), wanted.astype(int)]
            losses.append(-np.log(np.clip(likely, 1e-15, 1)))
    mean = float(np.concatenate(losses).mean())
    return mean**0.5 if _is_regression(task) else mean


def _predicted(task: dict[str, Any], known: Any, targets: Any, rows: Any) -> Any:
    settings = {
        "model_path": os.environ[CHECKPOINT],
        "allow_auto_download": False,
        "random_state": task["seed"],
        "n_jobs": task["num_threads"],
    }
    if _is_regression(task):
        regressor = TabICLRegressor(**settings).fit(known, targets)
        return np.asarray(regressor.predict(rows), np.float64)[:, np.newaxis]
    classifier = TabICLClassifier(**settings).fit(known, targets.astype(int))
    found = np.zeros((len(rows), task["num_classes"]))
    found[:, classifier.classes_] = classifier.predict_proba(rows)
    return found


def _is_regression(task: dict[str, Any]) -> bool:
    return bool(task["problem_type"] == "regression")
