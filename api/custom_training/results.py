"""Makes a session's result of the documents that its pipeline has recorded; does no I/O."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from api.custom_training.schemas import SessionPrediction
from api.strangers_json import json_object, json_objects
from tracking_plugin.names import PipelineArtifact

Documents = Mapping[PipelineArtifact, Any]


HOLDOUT = "rows of the training table that neither training nor selection has seen"
SECOND_TABLE = "rows of the second table that have a label"


def metrics(documents: Documents) -> Mapping[str, Any]:
    """Those of the holdout, with those of a second table as `test`; alone, these are the metrics."""
    holdout = json_object(documents.get(PipelineArtifact.EVALUATION))
    test = json_object(documents.get(PipelineArtifact.TEST_EVALUATION))
    if not holdout:
        return measured(test, SECOND_TABLE if test else "nothing: no row has a label")
    second = {"test": measured(test, SECOND_TABLE)} if test else {}
    return {**measured(holdout, HOLDOUT), **second, **_transfer(documents)}


def _transfer(documents: Documents) -> Mapping[str, Any]:
    """Of a fine-tuning: the metrics before it, on the same rows, and what they say."""
    found = json_object(documents.get(PipelineArtifact.FINETUNING))
    if not found:
        return {}
    words = ("metric", "verdict", "sentence", "seen_before", "seen_before_sentence", "source")
    return {
        "before": measured(json_object(found.get("before")), HOLDOUT),
        "difference": json_object(found.get("difference")),
        "fine_tuning": {name: found.get(name) for name in words},
    }


def measured(evaluation: Mapping[str, Any], rows: str) -> Mapping[str, Any]:
    """The metrics by name, flat, with the confusion matrix as integer counts."""
    estimates = json_object(evaluation.get("metrics"))
    confusion = json_object(evaluation.get("confusion"))
    values = {name: json_object(it).get("value") for name, it in estimates.items()}
    found: dict[str, Any] = {
        "accuracy": None,
        **values,
        "confusion_matrix": confusion.get("counts"),
        "classes": confusion.get("classes"),
        "intervals": {name: json_object(it).get("interval") for name, it in estimates.items()},
        "class_report": [_class_report(it) for it in json_objects(evaluation.get("classes"))],
        "num_rows": evaluation.get("num_rows"),
        "measured_on": rows,
    }
    return found


def _class_report(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    figures = {
        name: json_object(entry.get(name)).get("value")
        for name in ("precision", "recall", "f1", "auroc")
    }
    return {"name": entry.get("name"), "support": entry.get("support"), **figures}


def predictions(document: Any) -> list[SessionPrediction]:
    """Entries that are no predictions are left out: any client may have written the artifact."""
    found: list[SessionPrediction] = []
    for entry in json_objects(document):
        contributions = _numbers(entry.get("contributions"))
        try:
            found.append(
                SessionPrediction(
                    id=len(found),
                    row=entry.get("row", len(found) + 1),
                    prediction=entry.get("prediction"),
                    confidence=entry.get("confidence"),
                    probabilities=entry.get("probabilities") or {},
                    feature_importance=importance(contributions),
                    contributions=contributions,
                    base_value=entry.get("base_value"),
                    explained=entry.get("explained"),
                    actual=entry.get("actual"),
                )
            )
        except ValidationError:
            continue
    return found


def importance(contributions: Mapping[str, float]) -> dict[str, float]:
    """The share of each feature in the sum of the absolute contributions, the largest first."""
    total = sum(map(abs, contributions.values()))
    shares = {name: abs(value) / total if total else 0.0 for name, value in contributions.items()}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def model_info(documents: Documents) -> Mapping[str, Any]:
    """What the model predicts, from what, and where it is registered."""
    analysis, selection, deployment, leaks, evaluation = (
        json_object(documents.get(artifact))
        for artifact in (
            *(PipelineArtifact.ANALYSIS, PipelineArtifact.SELECTION, PipelineArtifact.DEPLOYMENT),
            *(PipelineArtifact.LEAKS, PipelineArtifact.EVALUATION),
        )
    )
    target = json_object(analysis.get("target"))
    used = [it for it in json_objects(selection.get("candidates")) if it.get("weight")]
    return {
        "selected_models": selection.get("selected_models"),
        "hyperparameters": used[0].get("params") if len(used) == 1 else None,
        "target": target.get("column"),
        "problem_type": target.get("problem_type"),
        "classes": list(json_object(target.get("classes"))),
        "group": json_object(analysis.get("group")).get("column"),
        "model_name": deployment.get("model_name"),
        "version": deployment.get("version"),
        "input_columns": deployment.get("input_columns"),
        "adds_up_to": deployment.get("adds_up_to"),
        "leaks": json_objects(leaks.get("leaks"))[:100],
        "selection_score": evaluation.get("selection_score"),
        "holdout_score": evaluation.get("holdout_score"),
    }


def _numbers(value: Any) -> dict[str, float]:
    return {
        name: it
        for name, it in json_object(value).items()
        if isinstance(it, int | float) and math.isfinite(it)
    }
