"""The job kind `evaluate`: scores the best model of a run as `python -m training evaluate`."""

import functools
import shlex
from pathlib import Path

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

import tracking_plugin
from api.errors import ConflictError
from api.jobs.job_kind import JobKind, NewRun, Params
from api.jobs.params import Schema, flags, read_schema
from api.runs.reader import RunReader
from tracking_plugin.names import Tag

SCHEMA_FILE = Path(tracking_plugin.__file__).parent / "job_kinds" / "evaluate.json"
"""Written by `python -m training schema`."""


@functools.cache
def _schema() -> Schema:
    # An option without a default is written as optional there, since the command line has no others.
    return {**read_schema(SCHEMA_FILE), "required": ["run_id"]}


class EvaluateKind(JobKind):
    """Scores and report become part of the scored run; the job's own run only has its status and log."""

    name = "evaluate"

    @property
    def params_schema(self) -> Schema:
        return _schema()

    def command(self, params: Params, run_id: str) -> str:
        words = ("python", "-m", "training", "evaluate", "--job-run-id", run_id)
        return shlex.join([*words, *flags(params)])

    def new_run(self, params: Params, reader: RunReader) -> NewRun:
        scored = reader.state(str(params["run_id"]), recent_steps=0)
        if scored.deleted:
            raise ConflictError(f"The run {scored.run_id} is deleted: restore it to evaluate it")
        return NewRun(
            experiment_id=scored.experiment_id,
            name=f"evaluation of {scored.run_name or scored.run_id}",
            tags={
                MLFLOW_PARENT_RUN_ID: scored.run_id,
                str(Tag.EVALUATED_RUN): scored.run_id,
            },
        )
