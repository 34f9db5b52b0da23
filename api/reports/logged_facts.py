"""Reads the evaluations, figures and curves that a run has logged, within bounds of size and time."""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from api.errors import ApiError, UnavailableError
from api.reports.evaluation_documents import missing_evidence, of_epoch, of_holdout, of_scores
from api.reports.evaluations import Evaluation
from api.reports.facts import LoggedFacts, PictureFact
from api.runs.artifacts import ArtifactNotFoundError
from api.runs.downsampling import downsample
from api.runs.evaluations import evaluation_of
from api.runs.metric_classifier import classify
from api.runs.metric_roles import Role
from api.runs.reader import RunReader
from api.runs.series import Series
from api.runs.source import is_of_training
from api.runs.state import RunState
from tracking_plugin.names import PipelineArtifact

LARGEST_DOCUMENT = 8 * 1024 * 1024
LARGEST_PICTURE = 1024 * 1024
MOST_EVALUATIONS = 10
MOST_CURVES = 40
MOST_POINTS = 240
MOST_POINTS_OF_ALL = 6_000
"""Of one metric in all runs of a report; each run has its share, and at least two points."""
CURVES_DEADLINE_S = 15.0
COMPARED_DEADLINE_S = 60.0
"""For the curves of all runs together."""
_MOST_NAMES = 1000
_EPOCH = re.compile(r"[0-9]{4,9}")
_PNG = b"\x89PNG\r\n\x1a\n"

PICTURES = (
    *("confusion_matrix.png", "training_confusion_matrix.png", "val_confusion_matrix.png"),
    *("roc_curve_plot.png", "training_roc_curve.png", "val_roc_curve.png"),
    *("precision_recall_curve_plot.png", "training_precision_recall_curve.png"),
    *("calibration_curve_plot.png", "shap_feature_importance_plot.png"),
    *("feature_importance_weight.png", "feature_importance_gain.png"),
)
"""The figures of MLflow's autologging and evaluate; other pictures may show patients."""

_NO_CURVES = (Role.EPOCH, Role.SUPPORT, Role.CLASS, Role.MACHINE)
_FIRST = (Role.LOSS, Role.ACCURACY, Role.AUC_ROC, Role.F1, Role.SCORE, Role.ERROR, Role.CONDITION)


class LoggedFactReader:
    """Blocking; within the workspace that is set."""

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader

    def read(self, state: RunState, *, num_runs: int, others: str) -> LoggedFacts:
        """One of `num_runs` has its share of the time and the points, and of several none has pictures."""
        of_run = _RunArtifacts(self._reader, state.run_id)
        root = of_run.names("")
        evaluations = list(of_run.evaluations(root, others))
        not_shown = of_run.document("evidence/evidence.json") if "evidence" in root else None
        pictures = () if num_runs > 1 else tuple(of_run.pictures(root))
        curves, num_left_out = self._curves(state, num_runs)
        return LoggedFacts(
            evaluations=tuple(evaluations),
            pictures=pictures,
            not_shown=missing_evidence(not_shown),
            unreadable=tuple(of_run.unreadable),
            curves=curves,
            num_curves_left_out=num_left_out,
        )

    def _curves(self, state: RunState, num_runs: int) -> tuple[Mapping[str, Series], int]:
        """Thinned; the number of those that are left out because there are many, or time is short."""
        names = curve_names(state)
        until = time.monotonic() + min(CURVES_DEADLINE_S, COMPARED_DEADLINE_S / num_runs)
        most_points = min(MOST_POINTS, max(2, MOST_POINTS_OF_ALL // num_runs))
        found: dict[str, Series] = {}
        num_read = 0
        for name in names[:MOST_CURVES]:
            if time.monotonic() > until:
                break
            num_read += 1
            series = self._reader.metrics.series(state.run_id, name)
            if len(series) > 1:
                found[name] = series.at(downsample(series.values, most_points))
        return found, len(names) - num_read


def curve_names(state: RunState) -> list[str]:
    """The metrics that may have a curve; measures of quality come first."""
    names = (name for name in state.latest if is_of_training(name))
    return sorted(
        (name for name in names if classify(name).role not in _NO_CURVES), key=_importance
    )


def _importance(name: str) -> tuple[int, str]:
    role = classify(name).role
    return (_FIRST.index(role) if role in _FIRST else len(_FIRST), name)


class _RunArtifacts:
    """Collects the paths of artifacts that exist and cannot be read, which the report must tell."""

    def __init__(self, reader: RunReader, run_id: str) -> None:
        self._reader = reader
        self._run_id = run_id
        self.unreadable: list[str] = []

    def names(self, folder: str) -> list[str]:
        try:
            return self._reader.artifact_names(self._run_id, folder, _MOST_NAMES)
        except (ArtifactNotFoundError, UnavailableError):
            raise
        except ApiError:
            self.unreadable.append(f"{folder}/")
            return []

    def document(self, path: str) -> Any:
        """The artifact as JSON; None if there is none, or none that can be read."""
        content = self._content(path, LARGEST_DOCUMENT)
        if content is None:
            return None
        try:
            # JSON has no NaN, which other programs write nevertheless.
            return json.loads(content, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            self.unreadable.append(path)
            return None

    def evaluations(self, root: list[str], others: str) -> Iterator[Evaluation]:
        if "project" in root:
            holdout = self.document(str(PipelineArtifact.EVALUATION))
            if holdout is not None:
                yield of_holdout(holdout, others=others)
        if "evaluation" in root:
            for variant in sorted(self.names("evaluation"))[:MOST_EVALUATIONS]:
                scores = self.document(f"evaluation/{variant}/scores.json")
                if scores is not None:
                    yield of_scores(variant, scores)
        if "epochs" in root:
            numbers = [int(name) for name in self.names("epochs") if _EPOCH.fullmatch(name)]
            last = max(numbers, default=None)
            found = None if last is None else evaluation_of(self._reader, self._run_id, last)
            if found is not None and last is not None:
                yield of_epoch(last, found)

    def pictures(self, root: list[str]) -> Iterator[PictureFact]:
        for name in PICTURES:
            content = self._content(name, LARGEST_PICTURE) if name in root else None
            if content is not None and content.startswith(_PNG):
                text = base64.b64encode(content).decode("ascii")
                yield PictureFact(name=name, data_uri=f"data:image/png;base64,{text}")

    def _content(self, path: str, largest_bytes: int) -> bytes | None:
        try:
            return self._reader.artifact(self._run_id, path, largest_bytes)
        except ArtifactNotFoundError:
            return None
        except UnavailableError:
            raise
        except ApiError:
            self.unreadable.append(path)
            return None
