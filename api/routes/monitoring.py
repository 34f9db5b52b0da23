"""/api/monitoring: figures about runs and jobs, counted anew for each request."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.jobs.usage import (
    Dashboard,
    InputCounts,
    JobFigures,
    UsageFigures,
    dashboard,
    job_figures,
    usage,
)
from api.routes.dependencies import Reader, RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import monitoring as examples

router = APIRouter(
    prefix="/api/monitoring",
    tags=["monitoring"],
    dependencies=[Depends(in_workspace)],
    responses=REFUSALS,
)


@router.get("/stats/system", responses=documented(examples.JOB_FIGURES))
def get_job_figures(reader: Reader) -> JobFigures:
    """Runs by status, and their mean duration."""
    return job_figures(reader)


async def input_counts(services: RunningServices, workspace: Workspace) -> InputCounts:
    return InputCounts(
        num_datasets=await services.datasets.number_of(workspace),
        num_base_models=await services.base_models.number_of(workspace),
    )


Inputs = Annotated[InputCounts, Depends(input_counts)]


@router.get("/stats/usage", responses=documented(examples.USAGE))
def get_usage(
    reader: Reader, services: RunningServices, workspace: Workspace, inputs: Inputs
) -> UsageFigures:
    """How many trainings, runs, data sets and base models there are, and how long trainings wait."""
    return usage(reader, services.job_store, workspace, inputs)


@router.get("/dashboard", responses=documented(examples.DASHBOARD))
def get_dashboard(
    reader: Reader, services: RunningServices, workspace: Workspace, inputs: Inputs
) -> Dashboard:
    """All figures, the newest activity, and the most used presets."""
    return dashboard(reader, services.job_store, workspace, inputs)
