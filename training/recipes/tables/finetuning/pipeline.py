"""The pipeline that fine-tunes a registered model on a new table, and says what that is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracking_plugin.instruction_names import EXTEND_BUDGET
from tracking_plugin.names import PipelineArtifact, PipelineMetric, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.finetuning.control import RunFinetuningControl
from training.recipes.tables.finetuning.inputs import widened_inputs
from training.recipes.tables.finetuning.new_table import NewTable, prepare_new_table
from training.recipes.tables.finetuning.origin import TRAINED_ON, Origin, origin_of
from training.recipes.tables.finetuning.report import Transfer, compare, selection_document
from training.recipes.tables.pipeline_record import PipelineRecord, StoppedError
from training.recipes.tables.predictions_record import record_predictions
from training.recipes.tables.registered_model import RegisteredTableModel, load_registered
from training.recipes.tables.second_table import require_test_columns
from training.recipes.tables.selection_commands import SelectionCommands
from training.recipes.tables.shown_predictions import predict_rows
from training.recipes.tables.stages.deployment import FinetunedVersion, ModelDeployment
from training.recipes.tables.stages.evaluation import Evaluation, ModelEvaluation
from training.recipes.tables.stages.upload import DataUpload
from training.tables.finetuning.continuation import Continued, continue_ensemble
from training.tables.finetuning.hyperparameters import continued_params
from training.tables.learners.hyperparameter import Params
from training.tables.learners.learner import LearningTask
from training.tables.model.table_model import TableModel
from training.tables.selection.machine import num_cores, threads_and_slots
from training.tables.selection.scores import loss_name

_NOTHING_CONTINUED = (
    "No member of the model got better on the validated rows of its fold, so only the calibration "
    "and the weights of the models are new."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Finetuned:
    found: Continued
    was_stopped: bool
    seconds: float


class FinetuningPipeline:
    """The stages of `TablePipeline`, with the encoding and the classes of a registered model."""

    def __init__(self, config: TablesConfig, record: PipelineRecord, memory_bytes: int) -> None:
        self._config, self._record = config, record
        self._memory_bytes = memory_bytes

    def run(self) -> None:
        """Raises TrainingError if a stage fails; StoppedError if the run stops without a model."""
        config, record = self._config, self._record
        record.session.understand(EXTEND_BUDGET)
        path = Path(config.data)
        read = DataUpload(self._memory_bytes).run(config, path)
        digest = record.begin(path, read, num_rows=read.table.num_rows)
        source = load_registered(config.finetune, record.job.tracking_uri)
        record.progress.say(f"The model {source.title} is fine-tuned.")
        task = self._task(source.model, read.table.num_rows)
        params = continued_params(source.model.ensemble, task, config.hyperparameters)
        origin = origin_of(source, record.job.tracking_uri)
        record.progress.say(origin.sentence(digest))
        require_test_columns(config, source.model.encoder.input_columns, self._memory_bytes)
        table = prepare_new_table(config, record, source.model, read)

        finetuned = self._continue(source, task, params, table)
        record.store(PipelineArtifact.SELECTION, self._selection(finetuned, params, source, task))

        # From here on a stop changes nothing: what was continued so far is measured and kept.
        record.progress.enter(PipelineStage.MODEL_EVALUATION)
        evaluation = ModelEvaluation().run(
            table.analysis,
            table.encoded,
            finetuned.found.ensemble,
            finetuned.found.oof,
            seed=config.seed,
        )
        transfer = self._compare(source.model, finetuned.found, evaluation, table)
        record.evaluation(evaluation)
        self._record_transfer(transfer, source, origin, digest)

        record.progress.enter(PipelineStage.MODEL_DEPLOYMENT)
        model = _assembled(source, origin, table, finetuned.found, evaluation, transfer)
        version = FinetunedVersion(
            name=record.job.launch.get("register_as") or source.name,
            source=source.name,
            source_version=source.version,
            alias=config.finetuned_alias,
        )
        deployment = ModelDeployment(record.job, version).run(model, step=record.progress.step)
        record.store(PipelineArtifact.DEPLOYMENT, deployment.document())
        record_predictions(
            *(model, config, record, self._memory_bytes),
            lambda: _holdout_predictions(model, table),
        )
        record.progress.finish()

    def _task(self, model: TableModel, num_rows: int) -> LearningTask:
        num_threads, _ = threads_and_slots(num_rows * len(model.encoder.features), num_cores())
        return replace(model.ensemble.task, seed=self._config.seed, num_threads=num_threads)

    def _continue(
        self,
        source: RegisteredTableModel,
        task: LearningTask,
        params: Mapping[str, Params],
        table: NewTable,
    ) -> _Finetuned:
        record, config = self._record, self._config
        record.enter(PipelineStage.MODEL_SELECTION)
        record.enter(PipelineStage.MODEL_TRAINING)
        commands = SelectionCommands(record.session, config.budget_s)
        control = RunFinetuningControl(commands, record.progress)
        found = continue_ensemble(
            source.model.ensemble,
            task,
            table.encoded.values,
            table.analysis.labels.numbers,
            table.analysis.split,
            params,
            control,
        )
        if not found.num_continued:
            if commands.is_stopped:
                raise StoppedError
            record.progress.say(_NOTHING_CONTINUED)
        record.progress.log({PipelineMetric.NUM_CANDIDATES: float(len(found.weights))})
        return _Finetuned(found=found, was_stopped=commands.is_stopped, seconds=control.elapsed_s)

    def _selection(
        self,
        finetuned: _Finetuned,
        params: Mapping[str, Params],
        source: RegisteredTableModel,
        task: LearningTask,
    ) -> Mapping[str, Any]:
        found = selection_document(finetuned.found, params, source.model.ensemble.weights)
        return {
            **found,
            "loss_name": loss_name(has_classes=task.has_classes),
            "seconds": round(finetuned.seconds, 1),
            "was_stopped": finetuned.was_stopped,
            "notes": [] if finetuned.found.num_continued else [_NOTHING_CONTINUED],
        }

    def _compare(
        self, model: TableModel, found: Continued, evaluation: Evaluation, table: NewTable
    ) -> Transfer:
        analysis, holdout = table.analysis, table.analysis.split.holdout
        values = table.encoded.values[holdout]
        return compare(
            analysis.labels.of_rows(holdout),
            model.calibration.apply(model.ensemble.predict(values)),
            evaluation.report,
            evaluation.calibration.apply(found.ensemble.predict(values)),
            analysis.split.groups[holdout],
            seed=self._config.seed,
        )

    def _record_transfer(
        self, transfer: Transfer, source: RegisteredTableModel, origin: Origin, digest: str
    ) -> None:
        record = self._record
        record.progress.log(transfer.metrics())
        record.progress.say(transfer.sentence)
        record.store(
            PipelineArtifact.FINETUNING,
            {
                "source": {
                    "model_name": source.name,
                    "version": source.version,
                    "run_id": source.run_id,
                },
                **transfer.document(),
                "seen_before": str(origin.seen(digest)),
                "seen_before_sentence": origin.sentence(digest),
            },
        )


def _holdout_predictions(model: TableModel, table: NewTable) -> Sequence[Mapping[str, Any]]:
    holdout = table.analysis.split.holdout
    labels = table.analysis.typed.table.column(model.target.column)
    return predict_rows(model, table.rows, labels, holdout, holdout)


def _assembled(
    source: RegisteredTableModel,
    origin: Origin,
    table: NewTable,
    found: Continued,
    evaluation: Evaluation,
    transfer: Transfer,
) -> TableModel:
    model, analysis = source.model, table.analysis
    known = {leak.column for leak in model.leaks}
    return TableModel(
        encoder=model.encoder,
        ensemble=found.ensemble,
        calibration=evaluation.calibration,
        target=model.target,
        inputs=widened_inputs(model.inputs, table.rows, analysis.split.development),
        leaks=(
            *model.leaks,
            *(leak for leak in analysis.leaks.leaks if leak.column not in known),
        ),
        evidence={
            **evaluation.document(),
            "fine_tuning": {"verdict": str(transfer.verdict), "sentence": transfer.sentence},
        },
        facts={
            "num_rows": analysis.typed.table.num_rows,
            "group": analysis.group.column,
            "left_out": dict(table.columns.left_out),
            "split": analysis.split.summary.model_dump(mode="json"),
            "parent": f"{source.name}/{source.version}",
            TRAINED_ON: list(origin.digests),
        },
    )
