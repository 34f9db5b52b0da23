"""The pipeline from an uploaded table to a registered model."""

from pathlib import Path

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.recipes.tables.candidate_runs import CandidateRuns
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.prepared_table import prepare_table
from training.recipes.tables.second_table import predict_second_table
from training.recipes.tables.selection_commands import UNDERSTOOD
from training.recipes.tables.shown_predictions import predict_holdout
from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.deployment import ModelDeployment, assemble_model
from training.recipes.tables.stages.evaluation import ModelEvaluation
from training.recipes.tables.stages.features import EncodedTable
from training.recipes.tables.stages.selection import ModelSelection, SelectedModel
from training.recipes.tables.stages.upload import DataUpload
from training.recipes.tables.trial_runners import require_place
from training.tables.model.table_model import TableModel
from training.tables.model.table_rows import require_columns
from training.tables.reader import ReadTable


class TablePipeline:
    """Runs the stages in their order, on a table in memory, and records each in the run."""

    def __init__(self, config: TablesConfig, record: PipelineRecord, memory_bytes: int) -> None:
        self._config = config
        self._record = record
        self._memory_bytes = memory_bytes

    def run(self) -> None:
        """Raises TrainingError if a stage fails; StoppedError if the run stops without a model."""
        config, record = self._config, self._record
        require_place(config.trials)
        record.session.understand(*UNDERSTOOD)
        table = prepare_table(config, record, self._memory_bytes)
        analysis, encoded = table.analysis, table.encoded
        if config.test_data:
            # Said now, and not after the training.
            require_columns(encoded.encoder.input_columns, self._second().table.column_names)
        selection = self._select(analysis, encoded)
        record.store(PipelineArtifact.SELECTION, selection.document())

        # From here on a stop changes nothing: the best model so far is measured and kept.
        record.progress.enter(PipelineStage.MODEL_EVALUATION)
        evaluation = ModelEvaluation().run(analysis, encoded, selection.found, seed=config.seed)
        record.evaluation(evaluation)

        record.progress.enter(PipelineStage.MODEL_DEPLOYMENT)
        model = assemble_model(analysis, table.columns, encoded, selection.found.model, evaluation)
        deployment = ModelDeployment(record.job).run(model, step=record.progress.step)
        record.store(PipelineArtifact.DEPLOYMENT, deployment.document())
        self._record_predictions(model, analysis)
        record.progress.finish()

    def _record_predictions(self, model: TableModel, analysis: Analysis) -> None:
        """Of the second table if there is one, else of the holdout."""
        if self._config.test_data:
            self._record.second_table(predict_second_table(model, self._second()))
            return
        holdout = analysis.split.holdout
        shown = predict_holdout(model, analysis.typed, holdout, holdout)
        self._record.store(PipelineArtifact.PREDICTIONS, shown)

    def _second(self) -> ReadTable:
        return DataUpload(self._memory_bytes).run(self._config, Path(self._config.test_data))

    def _select(self, analysis: Analysis, encoded: EncodedTable) -> SelectedModel:
        record = self._record
        record.enter(PipelineStage.MODEL_SELECTION)
        runs = CandidateRuns(record.job)
        try:
            stage = ModelSelection(record.session, record.progress, runs)
            return stage.run(self._config, analysis, encoded)
        finally:
            runs.close(record.job.delivery_timeout_s)
