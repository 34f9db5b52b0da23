"""Fits and asks AutoGluon in its own environment, which has nothing of Fovea.

    autogluon/bin/python program.py fit MODEL_FOLDER WORK_FOLDER
    autogluon/bin/python program.py predict MODEL_FOLDER WORK_FOLDER

`../autogluon_engine.py` writes the work folder, and reads `report.json` and `predictions.npy` there.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

_METRICS = {"binary": "log_loss", "multiclass": "log_loss", "regression": "root_mean_squared_error"}


def main() -> None:
    """Do what the arguments say; errors go into the report."""
    action, model_folder, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    try:
        report = fit(model_folder, work) if action == "fit" else predict(model_folder, work)
    except ImportError:
        report = {"error": "Its environment has no autogluon.tabular."}
    # The edge of this process: the engine shows the error.
    except Exception as error:  # noqa: BLE001
        report = {"error": f"{type(error).__name__}."}
    (work / "report.json").write_text(json.dumps(report))


def fit(model_folder: Path, work: Path) -> dict[str, Any]:
    """Fit the rows of the work folder within its budget; folds are AutoGluon's groups."""
    import autogluon.tabular as autogluon  # noqa: PLC0415

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
        presets="good_quality",
        dynamic_stacking=False,
        num_cpus=task["num_threads"],
    )
    (model_folder / "fovea_task.json").write_text(json.dumps(task))
    best = predictor.leaderboard(silent=True)["score_val"].max()
    return {"version": autogluon.__version__, "metric": metric, "score": float(-best)}


def predict(model_folder: Path, work: Path) -> dict[str, Any]:
    """Write the probabilities of all classes, or the numbers, of the work folder's rows."""
    import autogluon.tabular as autogluon  # noqa: PLC0415

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
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(values, columns=[f"f{at}" for at in range(values.shape[1])])
    for at in task["categories"]:
        frame[f"f{at}"] = frame[f"f{at}"].astype("Int64").astype("category")
    return frame


if __name__ == "__main__":
    main()
