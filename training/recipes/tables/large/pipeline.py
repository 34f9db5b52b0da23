"""The pipeline from a table that does not fit into memory to a registered model."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tracking_plugin.names import PipelineArtifact, PipelineMetric, PipelineStage
from training.recipes.tables.candidate_runs import CandidateRuns
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.large.analysis import LargeAnalysis, LargeAnalysisStage
from training.recipes.tables.large.boosting_control import BoostingControl
from training.recipes.tables.large.training import TrainedLargeTable
from training.recipes.tables.large.upload import LargeUpload
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.predictions_record import record_predictions
from training.recipes.tables.shown_predictions import predict_holdout
from training.recipes.tables.stages.deployment import ModelDeployment
from training.recipes.tables.stages.features import describe_encoder
from training.tables.large.settings import MIN_MEMORY_BYTES, LargeSettings
from training.tables.large.training import LargeStage, train_large
from training.tables.learners.xgboost_learner import XGBoostLearner
from training.tables.model.table_model import TableModel
from training.tables.selection.machine import num_cores

_FOLDER = "large"


class LargeTablePipeline:
    """Runs the same stages as `TablePipeline`, on batches of rows, and says what it leaves out."""

    def __init__(self, config: TablesConfig, record: PipelineRecord, memory_bytes: int) -> None:
        self._config = config
        self._record = record
        self._settings = LargeSettings(
            memory_bytes=max(MIN_MEMORY_BYTES, memory_bytes),
            budget_s=config.budget_s,
            holdout_share=config.holdout_share,
            num_folds=config.num_folds,
            seed=config.seed,
            num_threads=num_cores(),
            params=XGBoostLearner().check(config.hyperparameters),
        )

    def run(self) -> None:
        """Raises TrainingError if a stage fails; StoppedError if the run stops without a model."""
        record, path = self._record, Path(self._config.data)
        with _work_folder(record.job.work_dir) as folder:
            sample = LargeUpload().run(self._config, path, folder, self._settings)
            record.begin(path, sample.read, num_rows=sample.num_rows)

            record.enter(PipelineStage.DATA_ANALYSIS)
            analysis = LargeAnalysisStage().run(self._config, sample)
            record.understood(analysis.understood)
            record.progress.say(
                "The table is learned from in batches, because it needs more memory than "
                "FOVEA_TABLE_MEMORY_BYTES allows. What this leaves out:"
            )
            record.say_all(analysis.left_out)
            record.store(PipelineArtifact.ANALYSIS, analysis.document())

            trained = self._train(analysis, folder)
        self._record_training(trained)

        record.progress.enter(PipelineStage.MODEL_DEPLOYMENT)
        model = trained.model(trained.columns())
        deployment = ModelDeployment(record.job).run(model, step=record.progress.step)
        record.store(PipelineArtifact.DEPLOYMENT, deployment.document())
        record_predictions(
            *(model, self._config, record, self._settings.memory_bytes),
            lambda: _holdout_predictions(model, trained),
        )
        record.progress.finish()

    def _train(self, analysis: LargeAnalysis, folder: Path) -> TrainedLargeTable:
        record, settings = self._record, self._settings
        control = BoostingControl(
            record.session,
            record.progress,
            num_rounds=settings.params["n_estimators"],
            budget_s=(1 - settings.leak_share) * settings.budget_s,
        )
        result = train_large(
            analysis.table,
            folder,
            overrides=self._config.overrides,
            settings=settings,
            should_stop=control.should_stop,
            on_stage=self._enter,
            on_leaks=record.leaks,
            clock=control.clock,
        )
        return TrainedLargeTable(
            analysis=analysis,
            result=result,
            params=settings.params,
            was_stopped=control.was_stopped,
        )

    def _enter(self, stage: LargeStage) -> None:
        """Enter the stages of the pipeline that the training begins."""
        match stage:
            case LargeStage.LEAKS:
                pass  # A part of the analysis, which has begun.
            case LargeStage.ENCODING:
                self._record.enter(PipelineStage.DATA_PROCESSING)
                self._record.enter(PipelineStage.FEATURE_ENGINEERING)
            case LargeStage.TRAINING:
                self._record.enter(PipelineStage.MODEL_SELECTION)
                self._record.enter(PipelineStage.MODEL_TRAINING)
            case LargeStage.EVALUATION:
                # From here on a stop changes nothing: the model is measured and kept.
                self._record.progress.enter(PipelineStage.MODEL_EVALUATION)

    def _record_training(self, trained: TrainedLargeTable) -> None:
        record = self._record
        record.say_all(trained.sentences)
        record.store(PipelineArtifact.PROCESSING, trained.columns().document())
        record.store(PipelineArtifact.FEATURES, describe_encoder(trained.result.encoder))
        record.store(PipelineArtifact.SELECTION, trained.document())
        record.progress.log({PipelineMetric.NUM_CANDIDATES: 1.0})
        runs = CandidateRuns(record.job)
        try:
            runs.add(trained.candidate())
        finally:
            runs.close(record.job.delivery_timeout_s)
        record.evaluation(trained.evaluation())


def _holdout_predictions(
    model: TableModel, trained: TrainedLargeTable
) -> Sequence[Mapping[str, Any]]:
    analysis, rows = trained.analysis, trained.result.sampled_holdout
    numbers = analysis.sample.row_numbers[rows]
    return predict_holdout(model, analysis.understood.typed, rows, numbers)


@contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A new folder for copies of the table, on the disk of the run's data; removed at the end."""
    folder = parent / _FOLDER
    # A process that was killed has left its copies behind.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
