"""GET /api/runs…: the runs there are, and how far one of them is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.pages import Offset, Page
from api.routes import examples
from api.routes.dependencies import REFUSALS, Reader, in_workspace
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
    responses={422: REFUSALS[422]},
)

Experiment = Annotated[str | None, Query(max_length=256, description="an experiment's id or name")]
Status = Annotated[
    RunStatus | MlflowStatus | None, Query(description="a status word, or MLflow's status")
]


@router.get("/runs", responses=examples.answer(examples.RUN, is_list=True))
def get_runs(
    response: Response,
    reader: Reader,
    experiment: Experiment = None,
    status: Status = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="at most this many")] = 100,
    offset: Offset = 0,
) -> list[RunSummary]:
    """Runs of all experiments, newest first; deleted ones are left out."""
    query, page = RunQuery(experiment=experiment, status=status), Page(limit=limit, offset=offset)
    return list_runs(reader, query, page, unix_ms()).with_total_header(response)


@router.get("/runs/{run_id}", responses={**examples.answer(examples.STATUS), 404: REFUSALS[404]})
def get_run(reader: Reader, run_id: str) -> TrainingStatus:
    """What a run is doing, as its sockets say it."""
    return training_status(reader.state(run_id), unix_ms())
