"""Stage 8: stores the model with its evidence, and registers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow import MlflowClient

from tracking_plugin.names import VersionTag
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


@dataclass(frozen=True, kw_only=True)
class FinetunedVersion:
    """As what a fine-tuned model is registered. No alias of the model that it began with is moved."""

    name: str
    source: str
    source_version: str
    alias: str = ""
    """That the new version gets; empty for none."""


class ModelDeployment:
    def __init__(self, job: TrainingJob, finetuned: FinetunedVersion | None = None) -> None:
        """Without `finetuned`, the model is registered as the job says."""
        self._job = job
        self._finetuned = finetuned
        self._name = job.register_as if finetuned is None else finetuned.name
        self._client = MlflowClient(job.tracking_uri)

    def run(self, model: TableModel, *, step: int) -> Deployment:
        """Register the model. Raises TrackingError if the server does not take it."""
        version = self._register(model, step)
        finetuned = self._finetuned
        if finetuned is not None:
            self._point(finetuned, version)
        if finetuned is None or finetuned.name != finetuned.source:
            self._accepted(lambda: promote_first(self._client, self._name, version))
        return Deployment(name=self._name, version=version, model=model)

    def _register(self, model: TableModel, step: int) -> str:
        job = self._job
        return retry_until_accepted(
            lambda: log_table_model(
                model,
                run_id=job.run_id,
                tracking_uri=job.tracking_uri,
                register_as=self._name,
                step=step,
            ),
            "register the model",
            job.delivery_timeout_s,
        )

    def _point(self, finetuned: FinetunedVersion, version: str) -> None:
        """Tag the version with the one that it began with, and give it the alias that is asked for."""
        parent = f"{finetuned.source}/{finetuned.source_version}"
        self._accepted(
            lambda: self._client.set_model_version_tag(
                self._name, version, str(VersionTag.PARENT), parent
            )
        )
        if finetuned.alias:
            self._accepted(
                lambda: self._client.set_registered_model_alias(
                    self._name, finetuned.alias, version
                )
            )

    def _accepted(self, request: Callable[[], None]) -> None:
        retry_until_accepted(
            request, "name the version that is served", self._job.delivery_timeout_s
        )


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
