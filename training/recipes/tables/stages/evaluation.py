"""Stage 7: measures the model on the holdout, and ranks the rows without a decided label."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.features import EncodedTable
from training.tables.evaluation.abstention import Abstention, choose_abstention
from training.tables.evaluation.calibration import Calibration, fit_calibration
from training.tables.evaluation.holdout import evaluate_holdout, measure_score
from training.tables.evaluation.ranking import RankedRow, rank_undecided
from training.tables.evaluation.schema import HoldoutReport, Score
from training.tables.evaluation.settings import EvaluationSettings
from training.tables.labels import Floats, Integers
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.targets.problem_type import ProblemType

MAIN_METRIC: Mapping[ProblemType, str] = {
    ProblemType.BINARY: "macro_f1",
    ProblemType.MULTICLASS: "macro_f1",
    ProblemType.REGRESSION: "rmse",
}
"""By which selection and holdout are compared."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """What was shown of the model; `calibration` is fitted on out-of-fold predictions."""

    calibration: Calibration
    abstention: Abstention | None
    """None for a regression, and for tables that are learned from in batches."""
    report: HoldoutReport
    selection_score: Score | None
    ranked: tuple[RankedRow, ...]

    def metrics(self) -> Mapping[str, float]:
        """Those of the holdout that are defined, by the names that MLflow shows."""
        found = {f"holdout/{name}": item.value for name, item in self.report.metrics.items()}
        if self.selection_score is not None:
            found[f"selection/{self.selection_score.metric}"] = self.selection_score.value
        return {name: value for name, value in found.items() if value is not None}

    def document(self) -> Mapping[str, Any]:
        """As plain JSON. The two scores are of the same metric and can be compared."""
        return {
            "selection_score": _score(self.selection_score),
            "holdout_score": _score(self.holdout_score),
            **self.report.model_dump(mode="json"),
            "calibration": self.calibration.model_dump(mode="json"),
            "abstention": None if self.abstention is None else _abstention(self.abstention),
        }

    @property
    def holdout_score(self) -> Score | None:
        """What is shown of the model; None if it is undefined."""
        name = MAIN_METRIC[self.report.problem_type]
        found = self.report.metrics[name]
        if found.value is None:
            return None
        return Score(metric=name, value=found.value, interval=found.interval)

    def ranked_document(self) -> list[Mapping[str, Any]]:
        return [row.model_dump(mode="json") for row in self.ranked]


def _score(score: Score | None) -> Mapping[str, Any] | None:
    return None if score is None else score.model_dump(mode="json")


def _abstention(found: Abstention) -> Mapping[str, Any]:
    interval = None if found.interval is None else list(found.interval)
    return {**asdict(found), "interval": interval}


class ModelEvaluation:
    def run(
        self,
        analysis: Analysis,
        encoded: EncodedTable,
        model: EnsembleModel,
        oof: Floats,
        *,
        seed: int,
    ) -> Evaluation:
        """`oof` has predictions of the development rows by models that did not learn from them."""
        labels, split = analysis.labels, analysis.split
        settings = EvaluationSettings(seed=seed)
        metric = MAIN_METRIC[labels.problem_type]
        developed = labels.of_rows(split.development)
        groups = split.groups[split.development]
        calibration = fit_calibration(oof, developed.strata, groups, seed=seed)
        out_of_fold = calibration.apply(oof)
        selection_score = measure_score(developed, out_of_fold, groups, metric, settings=settings)
        uncalibrated = model.predict(encoded.values[split.holdout])
        report = evaluate_holdout(
            labels.of_rows(split.holdout),
            calibration.apply(uncalibrated),
            split.groups[split.holdout],
            selection_score=selection_score,
            uncalibrated=uncalibrated if labels.has_classes else None,
            settings=settings,
        )
        abstention = None
        ranked: tuple[RankedRow, ...] = ()
        if labels.has_classes:
            abstention = choose_abstention(out_of_fold, developed.strata, groups)
            predictions = calibration.apply(model.predict(encoded.values[split.unlabelled]))
            ranked = _ranked(analysis, split.unlabelled, predictions, abstention)
        return Evaluation(
            calibration=calibration,
            abstention=abstention,
            report=report,
            selection_score=selection_score,
            ranked=ranked,
        )


def _ranked(
    analysis: Analysis, rows: Integers, predictions: Floats, abstention: Abstention
) -> tuple[RankedRow, ...]:
    """The rows without a label, and those whose undecided label is to be ranked."""
    texts = pc.cast(analysis.typed.table.column(analysis.target.column), pa.string())
    threshold = abstention.threshold
    return rank_undecided(
        predictions,
        analysis.labels.classes,
        rows,
        labels_of_rows=texts.take(pa.array(rows)).to_pylist(),
        # Above any confidence: every row is abstained on.
        abstain_below=float(np.nextafter(1.0, 2.0)) if threshold is None else threshold,
    )
