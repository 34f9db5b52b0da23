"""The pipeline from an uploaded table to a registered model."""

from pathlib import Path

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.file_digest import file_sha256
from training.job import TrainingJob
from training.recipe_spec import DatasetDescription, RunDescription, TrainingSession
from training.recipes.tables.candidate_runs import CandidateRuns
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pretrained import PretrainedPrediction, second_table_document
from training.recipes.tables.progress import PipelineProgress
from training.recipes.tables.second_table import predict_second_table
from training.recipes.tables.selection_commands import UNDERSTOOD
from training.recipes.tables.shown_predictions import predict_holdout
from training.recipes.tables.stages.analysis import Analysis, DataAnalysis
from training.recipes.tables.stages.deployment import ModelDeployment
from training.recipes.tables.stages.evaluation import Evaluation, ModelEvaluation
from training.recipes.tables.stages.features import EncodedTable, FeatureEngineering
from training.recipes.tables.stages.processing import DataProcessing
from training.recipes.tables.stages.selection import ModelSelection, SelectedModel
from training.recipes.tables.stages.upload import DataUpload
from training.tables.model.table_model import TableModel
from training.tables.printable import printable
from training.tables.reader import ReadTable


class _StoppedError(Exception):
    """The run is to stop before there is a model."""


class TablePipeline:
    """Runs the stages in their order, and records each in the run."""

    def __init__(self, config: TablesConfig, job: TrainingJob, session: TrainingSession) -> None:
        self._config = config
        self._job = job
        self._session = session
        self._progress = PipelineProgress(session.tracker)

    def run(self) -> None:
        """Raises TrainingError if a stage fails; returns early if the run is stopped."""
        try:
            self._run()
        except _StoppedError:
            self._progress.say("Stopped before there was a model.")

    def _run(self) -> None:
        config, progress = self._config, self._progress
        path = Path(config.data)
        read = DataUpload().run(config, path)
        self._begin(path, read)
        if config.pretrained:
            found = PretrainedPrediction(self._job, progress).run(config.pretrained, read)
            for artifact, document in found.items():
                self._store(artifact, document)
            progress.finish()
            return
        self._enter(PipelineStage.DATA_ANALYSIS)
        analysis = DataAnalysis().run(config, read)
        self._record_analysis(analysis)

        self._enter(PipelineStage.DATA_PROCESSING)
        columns = DataProcessing().run(analysis)
        self._store(PipelineArtifact.PROCESSING, columns.document())

        self._enter(PipelineStage.FEATURE_ENGINEERING)
        encoded = FeatureEngineering().run(analysis, columns, seed=config.seed)
        self._store(PipelineArtifact.FEATURES, encoded.document())

        selection = self._select(analysis, encoded)
        self._store(PipelineArtifact.SELECTION, selection.document())

        # From here on a stop changes nothing: the best model so far is measured and kept.
        progress.enter(PipelineStage.MODEL_EVALUATION)
        evaluation = ModelEvaluation().run(analysis, encoded, selection.found, seed=config.seed)
        self._record_evaluation(evaluation)

        progress.enter(PipelineStage.MODEL_DEPLOYMENT)
        deployment = ModelDeployment(self._job).run(
            analysis, columns, encoded, selection.found.model, evaluation, step=progress.step
        )
        self._store(PipelineArtifact.DEPLOYMENT, deployment.document())
        self._record_predictions(deployment.model, analysis)
        progress.finish()

    def _record_predictions(self, model: TableModel, analysis: Analysis) -> None:
        """Of the second table if there is one, else of the holdout."""
        if not self._config.test_data:
            self._store(PipelineArtifact.PREDICTIONS, predict_holdout(model, analysis))
            return
        second = DataUpload().run(self._config, Path(self._config.test_data))
        found = predict_second_table(model, second)
        self._store(PipelineArtifact.PREDICTIONS, found.predictions)
        if (measured := second_table_document(found)) is not None:
            self._store(PipelineArtifact.TEST_EVALUATION, measured)

    def _begin(self, path: Path, read: ReadTable) -> None:
        """Record the table, and say which commands the pipeline follows."""
        self._session.understand(*UNDERSTOOD)
        table = read.table
        self._session.begin(
            RunDescription(
                params={"num_rows": str(table.num_rows), "num_columns": str(table.num_columns)},
                dataset=DatasetDescription(
                    name="table",
                    digest=file_sha256(path)[:36],
                    source=str(path),
                    profile={
                        "num_rows": table.num_rows,
                        "num_columns": table.num_columns,
                        "file_type": str(read.file_type),
                    },
                ),
            )
        )
        self._enter(PipelineStage.DATA_UPLOAD)
        for note in read.notes:
            self._progress.say(note)

    def _enter(self, stage: PipelineStage) -> None:
        """Raises _StoppedError if the run is to stop; blocks while it is paused."""
        if self._session.should_stop(0):
            raise _StoppedError
        self._progress.enter(stage)

    def _record_analysis(self, analysis: Analysis) -> None:
        target, leaks = analysis.target, analysis.leaks
        self._progress.say(f"Target: '{printable(target.column)}'. {target.reason}")
        if analysis.group.column is not None:
            name = printable(analysis.group.column)
            self._progress.say(f"Rows stay together by '{name}'. {analysis.group.reason}")
        for leak in leaks.leaks:
            verb = "Left out" if leak.left_out else "Kept"
            self._progress.say(f"{verb}: '{printable(leak.column)}'. {leak.reason}")
        for note in analysis.split.notes:
            self._progress.say(note.text)
        self._store(PipelineArtifact.ANALYSIS, analysis.document())
        self._store(PipelineArtifact.LEAKS, leaks.model_dump(mode="json"))

    def _select(self, analysis: Analysis, encoded: EncodedTable) -> SelectedModel:
        self._enter(PipelineStage.MODEL_SELECTION)
        runs = CandidateRuns(self._job)
        try:
            stage = ModelSelection(self._session, self._progress, runs)
            return stage.run(self._config, analysis, encoded)
        finally:
            runs.close(self._job.delivery_timeout_s)

    def _record_evaluation(self, evaluation: Evaluation) -> None:
        self._progress.log(evaluation.metrics())
        gap = evaluation.report.gap
        if gap is not None:
            self._progress.say(gap.sentence)
        for note in evaluation.report.notes:
            self._progress.say(note)
        self._store(PipelineArtifact.EVALUATION, evaluation.document())
        if evaluation.ranked:
            self._store(PipelineArtifact.RANKED, evaluation.ranked_document())

    def _store(self, artifact: PipelineArtifact, document: object) -> None:
        self._session.tracker.log_json(document, artifact)
