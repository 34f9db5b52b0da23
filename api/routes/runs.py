"""GET /api/runs…: the list of runs, and the status of one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.pages import Offset, Page
from api.routes.dependencies import Failures, Reader, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import runs as examples
from api.runs.listing import list_runs
from api.runs.schemas import RunSummary, TrainingStatus
from api.runs.source import RunQuery
from api.runs.status import training_status
from api.timestamps import unix_ms
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import RunStatus

router = APIRouter(
    prefix="/api",
    tags=["runs"],
    dependencies=[Depends(in_workspace)],
    responses=REFUSALS,
)

Experiment = Annotated[str | None, Query(max_length=256, description="id or name of an experiment")]
Status = Annotated[
    RunStatus | MlflowStatus | None, Query(description="a status of Fovea or of MLflow")
]


@router.get("/runs", responses=documented(examples.RUN, is_list=True))
def get_runs(
    response: Response,
    reader: Reader,
    failures: Failures,
    experiment: Experiment = None,
    status: Status = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="maximum number of entries")] = 100,
    offset: Offset = 0,
) -> list[RunSummary]:
    """Runs of all experiments, newest first, without deleted ones."""
    query, page = RunQuery(experiment=experiment, status=status), Page(limit=limit, offset=offset)
    return list_runs(reader, query, page, unix_ms(), failures).with_total_header(response)


@router.get("/runs/{run_id}", responses=documented(examples.STATUS))
def get_run(reader: Reader, run_id: str) -> TrainingStatus:
    """The status and progress of a run, which the beginning of its id names, too."""
    return training_status(reader.state(reader.full_run_id(run_id)), unix_ms())
