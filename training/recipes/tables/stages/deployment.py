"""Stage 8: stores the model with its evidence, and registers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow import MlflowClient

from training.job import TrainingJob
from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.evaluation import Evaluation
from training.recipes.tables.stages.features import EncodedTable
from training.recipes.tables.stages.processing import ChosenColumns
from training.recording.champion import promote_first
from training.recording.retry import retry_until_accepted
from training.tables.model.input_column import describe_inputs
from training.tables.model.publish import log_table_model
from training.tables.model.table_model import TableModel
from training.tables.model.target import describe_target
from training.tables.selection.ensemble_model import EnsembleModel


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The registered version of the model."""

    name: str
    version: str
    model: TableModel

    def document(self) -> Mapping[str, Any]:
        return {
            "model_name": self.name,
            "version": self.version,
            "input_columns": [column.name for column in self.model.inputs],
            "adds_up_to": self.model.adds_up_to(),
        }


class ModelDeployment:
    def __init__(self, job: TrainingJob) -> None:
        self._job = job

    def run(self, model: TableModel, *, step: int) -> Deployment:
        """Register the model. Raises TrackingError if the server does not take it."""
        return Deployment(
            name=self._job.register_as, version=self._register(model, step), model=model
        )

    def _register(self, model: TableModel, step: int) -> str:
        job = self._job
        version = retry_until_accepted(
            lambda: log_table_model(
                model,
                run_id=job.run_id,
                tracking_uri=job.tracking_uri,
                register_as=job.register_as,
                step=step,
            ),
            "register the model",
            job.delivery_timeout_s,
        )
        client = MlflowClient(job.tracking_uri)
        retry_until_accepted(
            lambda: promote_first(client, job.register_as, version),
            "name the version that is served",
            job.delivery_timeout_s,
        )
        return version


def assemble_model(
    analysis: Analysis,
    columns: ChosenColumns,
    encoded: EncodedTable,
    ensemble: EnsembleModel,
    evaluation: Evaluation,
) -> TableModel:
    """The ensemble with all that its predictions need, and the evidence for it."""
    return TableModel(
        encoder=encoded.encoder,
        ensemble=ensemble,
        calibration=evaluation.calibration,
        target=describe_target(analysis.typed, analysis.target),
        inputs=describe_inputs(
            analysis.typed, analysis.split.development, encoded.encoder.input_columns
        ),
        leaks=analysis.leaks.leaks,
        evidence=evaluation.document(),
        facts={
            "num_rows": analysis.typed.table.num_rows,
            "group": analysis.group.column,
            "left_out": dict(columns.left_out),
            "split": analysis.split.summary.model_dump(mode="json"),
        },
    )
