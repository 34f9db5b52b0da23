"""Reports the progress and the end of an evaluation on the MLflow run of its job, if it has one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from tracking_plugin.names import Tag
from training.errors import TrackingError
from training.job import work_dir
from training.recording.ending import ENDING_TIMEOUT_S, recorded_ending
from training.recording.retry import retry_until_accepted
from training.recording.run_claim import claimed_run
from training.recording.run_record import RunRecord, mark_training, resume_run
from training.recording.stop_listener import stop_listener
from training.settings import TrainingSettings

NOTE_TAG = "mlflow.note.content"
"""MLflow's UI shows this tag as the description of a run."""


class EvaluationJob(Protocol):
    """Records which run an evaluation scores, and where its reports are."""

    def begin(self, evaluated: RunRecord) -> None: ...

    def link_reports(self, evaluated: RunRecord, report_paths: Sequence[str]) -> None: ...


class NullJob:
    """The job of an evaluation that has no run of its own."""

    def begin(self, evaluated: RunRecord) -> None: ...

    def link_reports(self, evaluated: RunRecord, report_paths: Sequence[str]) -> None: ...


class RecordedJob:
    """The job of an evaluation that has a run of its own."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record

    def begin(self, evaluated: RunRecord) -> None:
        self._record.set_tags({Tag.EVALUATED_RUN: evaluated.run_id})
        mark_training(self._record.tracking_uri, self._record.run_id)

    def link_reports(self, evaluated: RunRecord, report_paths: Sequence[str]) -> None:
        links = "\n".join(f"- [{path}]({evaluated.artifact_link(path)})" for path in report_paths)
        note = f"Evaluation of run [{evaluated.run_id}]({evaluated.link}).\n\n{links}"
        tags = {NOTE_TAG: note, Tag.REPORT: " ".join(report_paths)}
        retry_until_accepted(
            lambda: self._record.set_tags(tags), "record the links", ENDING_TIMEOUT_S
        )


@contextmanager
def evaluation_job(
    run_id: str, tracking_uri: str, settings: TrainingSettings
) -> Iterator[EvaluationJob]:
    """The job whose run is `run_id`: the run ends with the block, FINISHED, FAILED or KILLED.

    Without a `run_id` nothing is recorded. Raises TrackingError if the run cannot be resumed, is a
    training or is in use; it then stays as it is. A stop that the server requests ends the block and
    the run without an error.
    """
    if not run_id:
        yield NullJob()
        return
    record = resume_run(tracking_uri, run_id)
    _require_no_training(record)
    with (
        claimed_run(record, work_dir(settings.data_dir, run_id)),
        recorded_ending(record, settings),
    ):
        record.starting()
        with stop_listener(run_id, tracking_uri) as listener:
            try:
                yield RecordedJob(record)
            except KeyboardInterrupt:
                if not listener.has_stopped:
                    raise
        if listener.has_stopped:
            record.stopped("", ENDING_TIMEOUT_S)
            print(f"Stopped: {record.link}", flush=True)
        else:
            record.completed(ENDING_TIMEOUT_S)


def _require_no_training(record: RunRecord) -> None:
    if record.is_training:
        raise TrackingError(
            f"job_run_id: the run {record.run_id} is a training, whose status an evaluation must not "
            "change. Leave --job-run-id out, or name a run of the evaluation's own."
        )
