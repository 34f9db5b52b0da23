"""/api/monitoring: figures about runs and jobs, counted anew for each request."""

from fastapi import APIRouter, Depends

from api.jobs.usage import Dashboard, JobFigures, UsageFigures, dashboard, job_figures, usage
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


@router.get("/stats/usage", responses=documented(examples.USAGE))
def get_usage(reader: Reader, services: RunningServices, workspace: Workspace) -> UsageFigures:
    """How many trainings and runs there are."""
    return usage(reader, services.job_store, workspace)


@router.get("/dashboard", responses=documented(examples.DASHBOARD))
def get_dashboard(reader: Reader, services: RunningServices, workspace: Workspace) -> Dashboard:
    """All figures, the newest activity, and the most used presets."""
    return dashboard(reader, services.job_store, workspace)
