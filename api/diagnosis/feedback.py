"""Logs what clinicians say to diagnoses as metrics of an MLflow run per model version.

Alert rules apply to them as to any metric. The run is FINISHED from the beginning: it is no training
that could fall silent, and MLflow accepts metrics of it all the same.
"""

import asyncio
from functools import partial

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

from api.diagnosis.records import (
    DiagnosisRecord,
    ModelFeedback,
    Verdict,
    feedback_metrics,
)
from api.diagnosis.schemas import FeedbackRequest
from api.diagnosis.store import DiagnosisStore
from api.errors import ConflictError, NotFoundError, UnprocessableError
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.mlflow_status import MlflowStatus

EXPERIMENT = "diagnosis-feedback"
MODEL_TAG = "fovea.model"
VERSION_TAG = "fovea.model_version"

_GONE = tuple(ErrorCode.Name(code) for code in (INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST))


class FeedbackService:
    """Keeps verdicts, and logs their shares per class."""

    def __init__(self, store: DiagnosisStore, writer: RunWriter) -> None:
        self._store = store
        self._writer = writer
        self._logging = asyncio.Lock()

    async def give(
        self, workspace: str | None, request_id: str, feedback: FeedbackRequest
    ) -> DiagnosisRecord:
        """Keep the verdict in place of an earlier one. Raises an ApiError if it does not fit."""
        record = await self.find(workspace, request_id)
        classes = await in_database(partial(self._store.classes, record.model))
        # Metrics get the values of the newest verdict last.
        async with self._logging:
            given = await in_database(
                partial(
                    self._store.give_feedback,
                    *(workspace or "", request_id),
                    verdict=feedback.verdict,
                    true_class=true_class(record.predicted_class, feedback, classes),
                    note=feedback.note,
                    at_ms=unix_ms(),
                )
            )
            if given is None:
                raise _unknown()
            await self._log(workspace, given.all)
        return given.record

    async def find(self, workspace: str | None, request_id: str) -> DiagnosisRecord:
        record = await in_database(partial(self._store.find, workspace or "", request_id))
        if record is None:
            raise _unknown()
        return record

    async def _log(self, workspace: str | None, feedback: ModelFeedback) -> None:
        run_id = feedback.run_id or await self._create_run(workspace, feedback)
        values = feedback_metrics(feedback.counts)
        try:
            await self._writer.log_metrics(run_id, workspace, values, feedback.step)
        except MlflowException as error:
            if error.error_code not in _GONE:
                raise
            # Somebody has deleted the run.
            run_id = await self._create_run(workspace, feedback)
            await self._writer.log_metrics(run_id, workspace, values, feedback.step)

    async def _create_run(self, workspace: str | None, feedback: ModelFeedback) -> str:
        model = feedback.model
        run_id = await self._writer.create(
            workspace,
            experiment=EXPERIMENT,
            run_name=f"{model.model} version {model.version}",
            tags={MODEL_TAG: model.model, VERSION_TAG: model.version},
        )
        await self._writer.set_status(run_id, workspace, MlflowStatus.FINISHED)
        return await in_database(
            partial(self._store.set_feedback_run, model, feedback.run_id, run_id)
        )


def true_class(predicted: str, feedback: FeedbackRequest, classes: list[str]) -> str:
    """The class that the clinician takes for the true one. Raises an ApiError if that is unclear.

    Only classes of the model are accepted: any other text would become the name of a metric.
    """
    if feedback.verdict is Verdict.AGREE:
        if not predicted:
            raise ConflictError(
                "The model has abstained, so there is no diagnosis to agree with: "
                "overrule it with the class that you see"
            )
        return predicted
    if feedback.class_name is None:
        raise UnprocessableError("To overrule a diagnosis, `class_name` is expected, too")
    if feedback.class_name not in classes:
        raise UnprocessableError(
            "`class_name` is none of the classes of the model; these are "
            f"{', '.join(classes) or 'not known'}"
        )
    if feedback.class_name == predicted:
        raise UnprocessableError(
            "`class_name` is the class that the model has predicted: to agree, send "
            f"the verdict `{Verdict.AGREE.value}`"
        )
    return feedback.class_name


def _unknown() -> NotFoundError:
    return NotFoundError(
        "There is no diagnosis with this request id: it is in the answer of the diagnosis as "
        "`request_id`, and the oldest diagnoses are forgotten"
    )
