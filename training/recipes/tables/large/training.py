"""Stages 3 to 7 of a large table: encodes, boosts and measures in batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracking_plugin.names import RunStatus
from training.recipes.tables.candidate_runs import CandidateRecord
from training.recipes.tables.large.analysis import LargeAnalysis
from training.recipes.tables.stages.evaluation import Evaluation
from training.recipes.tables.stages.processing import ChosenColumns, reasons_left_out
from training.tables.large.training import LargeResult, LargeStage
from training.tables.learners.xgboost_learner import XGBoostLearner
from training.tables.model.table_model import TableModel
from training.tables.model.target import describe_target
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedLargeTable:
    """The result of boosting, in the words of the documents of tables in memory."""

    analysis: LargeAnalysis
    result: LargeResult
    params: Mapping[str, Any]
    was_stopped: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """For people: what is left out that the analysis did not know, and other notes."""
        report = self.result.report
        known = set(self.analysis.left_out)
        return (*(item for item in report.left_out if item not in known), *report.notes)

    def columns(self) -> ChosenColumns:
        encoded = self.result.encoder.input_columns
        understood = self.analysis.understood
        reasons = reasons_left_out(understood, self.result.leaks)
        others = (name for name in understood.typed.table.column_names if name not in encoded)
        return ChosenColumns(
            features=encoded,
            left_out={
                name: reasons.get(name, "Nothing can be learned from it in the sample.")
                for name in others
            },
        )

    def evaluation(self) -> Evaluation:
        return Evaluation(
            calibration=self.result.calibration,
            abstention=None,
            report=self.result.holdout,
            selection_score=self.result.selection_score,
            ranked=(),
        )

    def candidate(self) -> CandidateRecord:
        return CandidateRecord(
            name=XGBoostLearner.title,
            params={"learner": XGBoostLearner.name, **self.params},
            metrics={
                **{f"selection/{name}": value for name, value in self._scores.items()},
                "selection/seconds": self._seconds,
                "selection/rounds": float(self.result.report.rounds),
            },
            status=RunStatus.STOPPED if self.was_stopped else RunStatus.COMPLETED,
        )

    def document(self) -> Mapping[str, Any]:
        """As that of a selection in memory, with one candidate, and the report on the training."""
        report = self.result.report
        candidate = {
            "number": 0,
            "learner": XGBoostLearner.name,
            "params": dict(self.params),
            "status": "finished",
            "message": "",
            "loss": None,
            "fold_losses": [],
            "fold_rounds": [report.rounds],
            "metrics": self._scores,
            "seconds": round(self._seconds, 1),
            "weight": 1.0,
        }
        return {
            "selected_models": [XGBoostLearner.name],
            "loss_name": None,
            "loss": None,
            "seconds": round(sum(report.seconds.values()), 1),
            "was_stopped": self.was_stopped,
            "notes": list(report.notes),
            "candidates": [candidate],
            "left_out": list(report.left_out),
            "report": report.model_dump(mode="json", exclude={"left_out", "notes"}),
        }

    def model(self, columns: ChosenColumns) -> TableModel:
        """As that of tables in memory, with an ensemble of one model."""
        understood, result = self.analysis.understood, self.result
        return TableModel(
            encoder=result.encoder,
            ensemble=EnsembleModel((BaggedModel((result.model,)),), (1.0,)),
            calibration=result.calibration,
            target=describe_target(understood.typed, understood.target),
            inputs=result.inputs,
            leaks=result.leaks.leaks,
            evidence=self.evaluation().document(),
            facts={
                "num_rows": result.report.num_rows,
                "group": understood.group.column,
                "left_out": dict(columns.left_out),
                "parts": [part.model_dump(mode="json") for part in result.report.parts],
                "left_out_steps": list(result.report.left_out),
            },
        )

    @property
    def _scores(self) -> dict[str, float]:
        score = self.result.selection_score
        return {} if score is None else {score.metric: score.value}

    @property
    def _seconds(self) -> float:
        return self.result.report.seconds[LargeStage.TRAINING]
