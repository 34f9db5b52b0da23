"""The pipeline that measures the model of another program on the parts that ours would have."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord, StoppedError
from training.recipes.tables.predictions_record import record_predictions
from training.recipes.tables.prepared_table import PreparedTable, prepare_table
from training.recipes.tables.selection_commands import SelectionCommands
from training.recipes.tables.shown_predictions import predict_holdout
from training.recipes.tables.stages.evaluation import Evaluation
from training.recipes.tables.stages.selection import learning_task
from training.tables.errors import TableError
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.evaluation.holdout import evaluate_holdout
from training.tables.evaluation.settings import EvaluationSettings
from training.tables.model.engine_table_model import EngineTableModel
from training.tables.model.input_column import describe_inputs
from training.tables.model.target import describe_target
from training.tables.selection.engine import Engine, EngineModel, EngineRequest, EngineResult

NOT_REGISTERED = (
    "The model is measured and predicts the rows of this run, but it is not registered, "
    "calibrated or explained, and ranks no undecided rows: it works in the environment of its "
    "engine alone, and is removed. For a model that can be asked later, train without an engine."
)


class EnginePipeline:
    """Runs the same stages as `TablePipeline` with another engine, to be compared with it."""

    def __init__(
        self, config: TablesConfig, record: PipelineRecord, memory_bytes: int, engine: Engine
    ) -> None:
        self._config, self._record = config, record
        self._memory_bytes, self._engine = memory_bytes, engine

    def run(self) -> None:
        """Raises TrainingError if a stage fails; StoppedError if the run stops without a model."""
        record = self._record
        self._engine.require()
        table = prepare_table(self._config, record, self._memory_bytes)
        with tempfile.TemporaryDirectory(prefix="fovea-engine-") as folder:
            begun_s = time.monotonic()
            result = self._fit(table, Path(folder) / "model")
            record.store(
                PipelineArtifact.SELECTION, self._document(result, time.monotonic() - begun_s)
            )
            record.say_all([*result.notes, NOT_REGISTERED])

            record.progress.enter(PipelineStage.MODEL_EVALUATION)
            record.evaluation(self._evaluate(table, result.model))

            record.progress.enter(PipelineStage.MODEL_DEPLOYMENT)
            model = _table_model(table, result.model)
            record.store(PipelineArtifact.DEPLOYMENT, _deployment(model))
            typed, holdout = table.analysis.typed, table.analysis.split.holdout
            record_predictions(
                *(model, self._config, record, self._memory_bytes),
                lambda: predict_holdout(model, typed, holdout, holdout),
            )
        record.progress.finish()

    def _fit(self, table: PreparedTable, folder: Path) -> EngineResult:
        record, config = self._record, self._config
        record.enter(PipelineStage.MODEL_SELECTION)
        record.enter(PipelineStage.MODEL_TRAINING)
        commands = SelectionCommands(record.session, config.budget_s)
        request = EngineRequest(
            task=learning_task(config, table.analysis, table.encoded),
            values=table.encoded.values,
            targets=table.analysis.labels.numbers,
            split=table.analysis.split,
            budget_s=config.budget_s,
            folder=folder,
            control=commands,
        )
        try:
            return self._engine.fit(request)
        except TableError:
            if commands.is_stopped:
                raise StoppedError from None
            raise

    def _evaluate(self, table: PreparedTable, model: EngineModel) -> Evaluation:
        analysis, holdout = table.analysis, table.analysis.split.holdout
        report = evaluate_holdout(
            analysis.labels.of_rows(holdout),
            model.predict(table.encoded.values[holdout]),
            analysis.split.groups[holdout],
            # That of the engine is of other rows, and by another metric.
            selection_score=None,
            settings=EvaluationSettings(seed=self._config.seed),
        )
        return Evaluation(
            calibration=Calibration(
                kind=CalibrationKind.IDENTITY, reason="The engine gives no out-of-fold predictions."
            ),
            abstention=None,
            report=report,
            selection_score=None,
            ranked=(),
        )

    def _document(self, result: EngineResult, seconds: float) -> Mapping[str, Any]:
        return {
            "engine": self._engine.name,
            "selected_models": [self._engine.name],
            "loss_name": result.selection_metric,
            "loss": result.selection_score,
            "seconds": round(seconds, 1),
            "was_stopped": False,
            "notes": [*result.notes, NOT_REGISTERED],
            "candidates": [],
        }


def _table_model(table: PreparedTable, model: EngineModel) -> EngineTableModel:
    analysis, encoder = table.analysis, table.encoded.encoder
    return EngineTableModel(
        encoder=encoder,
        engine_model=model,
        target=describe_target(analysis.typed, analysis.target),
        inputs=describe_inputs(analysis.typed, analysis.split.development, encoder.input_columns),
        facts={"group": analysis.group.column},
    )


def _deployment(model: EngineTableModel) -> Mapping[str, Any]:
    """The document of every deployment; without a version there is nothing to ask later."""
    return {
        "model_name": None,
        "version": None,
        "input_columns": [column.name for column in model.inputs],
        "adds_up_to": None,
        "reason": NOT_REGISTERED,
    }
