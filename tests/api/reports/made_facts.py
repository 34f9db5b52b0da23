"""Facts about runs, as a report gets them."""
# ruff: noqa: RUF001 - a hostile name has letters of another direction

from dataclasses import replace
from typing import Any

import numpy as np

from api.alerts.records import Alert
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.state_machine import AlertState
from api.control.acknowledgement import CommandOutcome
from api.control.audit import CommandRecord
from api.control.transitions import Action
from api.pages import Listed
from api.reports.evaluation_documents import of_holdout, of_scores
from api.reports.facts import (
    CodeFact,
    DatasetFact,
    LibraryFact,
    LoggedFacts,
    MlflowFacts,
    ReportFacts,
    RunFacts,
    VersionFact,
)
from api.runs.series import once_per_step
from api.runs.state import RunState
from tests.api.logged_runs import START_MS
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import RunStatus

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(1)>"
    "{{ 7*7 }}{% raw %}]]>-->\x00\x1b\u202eأهلا🩺</style></bdi>"
)

SCORES: dict[str, Any] = {
    "num_images": 120,
    "seen_images": {"trained_on": 0, "chosen_with": 0},
    "metrics": {
        "accuracy": {"value": 0.91, "interval": [0.86, 0.95]},
        "kappa": {"value": 0.8, "interval": None},
    },
    "critical_conditions": [
        {
            "name": "RAO",
            "floor": 0.99,
            "support": 13,
            "sensitivity": {
                "value": 0.923,
                "interval": [0.667, 0.986],
                "successes": 12,
                "total": 13,
            },
            "specificity": {"value": 0.9, "interval": [0.8, 0.95], "successes": 9, "total": 10},
            "verdict": "too_few_positives",
            "explanation": "1 of 13 positives missed.",
        }
    ],
    "classes": [
        {"name": "RAO", "support": 13, "sensitivity": {"value": 0.923, "interval": [0.667, 0.986]}},
        {"name": "Normal", "support": 0, "sensitivity": {"value": None, "interval": None}},
    ],
    "calibration": {
        "before": {
            "expected_calibration_error": 0.03,
            "bins": [{"mean_confidence": 0.7, "accuracy": 0.6, "num_images": 40}],
        },
        "after": None,
    },
    "confusion_matrix": {
        "rows": ["RAO", "Normal"],
        "columns": ["RAO", "Normal"],
        "counts": [[12, 1], [0, 107]],
    },
}
HOLDOUT: dict[str, Any] = {
    "num_rows": 12,
    "num_groups": 6,
    "metrics": {"macro_f1": {"value": 0.79, "interval": [0.77, 0.81]}},
    "classes": [
        {
            "name": name,
            "support": 6,
            "recall": {"value": 0.8, "interval": [0.5, 0.9]},
            "roc": [{"x": 0, "y": 0}, {"x": 0.2, "y": 0.9}, {"x": 1, "y": 1}],
        }
        for name in ("ill", "well")
    ],
    "confusion": {"classes": ["ill", "well"], "counts": [[4, 1], [2, 5]]},
    "notes": ["The holdout has few rows."],
}


def alert(*, acknowledged_by: str | None = None, note: str = "", rule: str = "RAO") -> Alert:
    return Alert(
        alert_id="a",
        run_id="a" * 32,
        workspace=None,
        rule=rule,
        metric="critical/RAO",
        began_step=3,
        state=AlertState.FIRING if acknowledged_by is None else AlertState.RESOLVED,
        level=Level.CRITICAL,
        step=4,
        value=0.5,
        threshold=0.99,
        support=13,
        interval=(0.3, 0.7),
        is_insufficient=False,
        epoch=None,
        batch=None,
        recommendation="",
        action=RuleAction.NONE,
        began_ms=START_MS,
        changed_ms=START_MS + 1000,
        acknowledged_by=acknowledged_by,
        acknowledged_ms=None if acknowledged_by is None else START_MS + 5000,
        note=note,
    )


def command(who: str = "anonymous") -> CommandRecord:
    return CommandRecord(
        id=1,
        run_id="a" * 32,
        command_id=1,
        action=Action.PAUSE,
        release=False,
        who=who,
        source="192.0.2.7",
        at_ms=START_MS,
        outcome=CommandOutcome.DONE,
        outcome_ms=START_MS + 10,
        message="",
    )


def plain_run(run_id: str = "a" * 32, name: str = "bare") -> RunFacts:
    """A run that has logged nothing at all."""
    return RunFacts(
        state=RunState(run_id=run_id, run_name=name),
        status=RunStatus.COMPLETED,
        elapsed_s=None,
        mlflow=MlflowFacts(
            experiment_name="retinal",
            note="",
            card={},
            params={},
            tags={},
            code=CodeFact(),
            datasets=(),
            libraries=(),
            versions=(),
        ),
        logged=LoggedFacts(),
        alerts=Listed([], 0),
        commands=Listed([], 0),
    )


def full_run(run_id: str = "a" * 32, name: str = "resnet", text: str = "plain") -> RunFacts:
    """A run of which everything is known; `text` is in every place where a client's text is."""
    run = plain_run(run_id, name)
    run.state.start_time_ms, run.state.end_time_ms = START_MS, START_MS + 60_000
    for metric, value in (
        *(("val/loss", 0.5), ("critical/RAO", 0.923), ("critical_support/RAO", 13.0)),
        *((text, 1.5), ("auc", 0.9), ("auc_low", 0.8), ("auc_high", 0.95)),
        ("bad", float("nan")),
    ):
        run.state.latest[metric] = LoggedPoint(metric, value, 9, START_MS)
    steps = np.arange(1, 10)
    values = np.array([3.0, 2, 1, float("nan"), 0.9, 0.8, 0.7, 0.6, 0.5])
    series = once_per_step(steps, steps * 1000, values)
    scores = {
        **SCORES,
        "metrics": {**SCORES["metrics"], text: {"value": 0.5, "interval": None}},
        "critical_conditions": [
            *SCORES["critical_conditions"],
            {"name": text, "verdict": text, "explanation": text},
        ],
    }
    return replace(
        run,
        elapsed_s=60.0,
        mlflow=MlflowFacts(
            experiment_name=text,
            note=text,
            card={"intended_use": f"Triage {text}", "caveats": text},
            params={"lr": "0.1", text: text},
            tags={text: text},
            code=CodeFact(
                commit="c0ffee", branch=text, repository=text, program=text, user="someone"
            ),
            datasets=(
                DatasetFact(
                    name=text,
                    digest="d1ge57",
                    source_type="local",
                    context="training",
                    profile={"num_rows": "12", text: text},
                ),
            ),
            libraries=(
                LibraryFact(model="m-1", python="3.11.9", requirements=("torch==2.9", text)),
            ),
            versions=(
                VersionFact(
                    name=text, version="3", aliases=("champion",), description=text, created_ms=0
                ),
            ),
        ),
        logged=LoggedFacts(
            evaluations=(of_scores(text, scores), of_holdout(HOLDOUT, others="others")),
            not_shown=(text,),
            unreadable=(text,),
            curves={"val/loss": series, text: series},
        ),
        alerts=Listed([alert(), alert(acknowledged_by="Dr Who", note=text, rule=text)], 2),
        commands=Listed([command(text)], 1),
    )


def report_facts(*runs: RunFacts) -> ReportFacts:
    return ReportFacts(runs=runs, made_ms=START_MS)
