"""Records the stages of a pipeline in its run, and follows the run's commands between them."""

from collections.abc import Sequence
from pathlib import Path

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.file_digest import file_sha256
from training.job import TrainingJob
from training.recipe_spec import DatasetDescription, RunDescription, TrainingSession
from training.recipes.tables.progress import PipelineProgress
from training.recipes.tables.second_table import SecondTable
from training.recipes.tables.stages.evaluation import Evaluation
from training.tables.leaks.leak_report import LeakReport
from training.tables.printable import printable
from training.tables.reader import ReadTable
from training.tables.understanding import UnderstoodTable


class StoppedError(Exception):
    """The run is to stop before there is a model."""


class PipelineRecord:
    """The run of a pipeline: its stages, documents, metrics and lines for people."""

    def __init__(self, job: TrainingJob, session: TrainingSession) -> None:
        self.job = job
        self.session = session
        self.progress = PipelineProgress(session.tracker)

    def begin(self, path: Path, read: ReadTable, *, num_rows: int) -> str:
        """Record the table in the file, of which `read` has all or some rows; its digest."""
        num_columns = read.table.num_columns
        digest = file_sha256(path)[:36]
        self.session.begin(
            RunDescription(
                params={"num_rows": str(num_rows), "num_columns": str(num_columns)},
                dataset=DatasetDescription(
                    name="table",
                    digest=digest,
                    source=str(path),
                    profile={
                        "num_rows": num_rows,
                        "num_columns": num_columns,
                        "file_type": str(read.file_type),
                    },
                ),
            )
        )
        self.enter(PipelineStage.DATA_UPLOAD)
        self.say_all(read.notes)
        return digest

    def enter(self, stage: PipelineStage) -> None:
        """Raises StoppedError if the run is to stop; blocks while it is paused."""
        if self.session.should_stop(0):
            raise StoppedError
        self.progress.enter(stage)

    def understood(self, table: UnderstoodTable) -> None:
        """Say what is predicted and which rows stay together."""
        self.progress.say(f"Target: '{printable(table.target.column)}'. {table.target.reason}")
        self.progress.say(table.group.sentence)

    def leaks(self, report: LeakReport) -> None:
        for leak in report.leaks:
            verb = "Left out" if leak.left_out else "Kept"
            self.progress.say(f"{verb}: '{printable(leak.column)}'. {leak.reason}")
        self.store(PipelineArtifact.LEAKS, report.model_dump(mode="json"))

    def evaluation(self, evaluation: Evaluation) -> None:
        self.progress.log(evaluation.metrics())
        gap = evaluation.report.gap
        if gap is not None:
            self.progress.say(gap.sentence)
        self.say_all(evaluation.report.notes)
        self.store(PipelineArtifact.EVALUATION, evaluation.document())
        if evaluation.ranked:
            self.store(PipelineArtifact.RANKED, evaluation.ranked_document())

    def second_table(self, found: SecondTable) -> None:
        self.store(PipelineArtifact.PREDICTIONS, found.predictions)
        if found.report is not None:
            self.store(PipelineArtifact.TEST_EVALUATION, found.report.model_dump(mode="json"))

    def say_all(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self.progress.say(sentence)

    def store(self, artifact: PipelineArtifact, document: object) -> None:
        self.session.tracker.log_json(document, artifact)
