"""GET /api/metrics/…: the newest values of a run, its steps, and its curves."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.pages import Limit, Offset, Page
from api.routes import examples
from api.routes.dependencies import REFUSALS, Reader, SelectedRun, in_workspace
from api.runs.history import latest_metrics, metrics_history
from api.runs.metric_catalog import METRIC_CATALOG, MetricCatalog
from api.runs.performance import performance
from api.runs.schemas import LatestMetrics, MetricsSnapshot, PerformancePoint
from api.runs.series import LAST_STEP, StepRange

router = APIRouter(
    prefix="/api/metrics",
    tags=["metrics"],
    dependencies=[Depends(in_workspace)],
    responses=REFUSALS,
)

Metric = Annotated[
    str,
    Path(
        description="MLflow's name, slashes and all, or loss, accuracy, auc_roc, f1_score, "
        "learning_rate for all that these stand for",
        examples=["train/loss"],
    ),
]

FromStep = Annotated[int | None, Query(ge=-LAST_STEP, le=LAST_STEP, description="none before it")]
ToStep = Annotated[int | None, Query(ge=-LAST_STEP, le=LAST_STEP, description="none behind it")]


@router.get("/latest", responses=examples.answer(examples.LATEST))
def get_latest(reader: Reader, run_id: SelectedRun) -> LatestMetrics:
    """The newest value of every metric."""
    return latest_metrics(reader, run_id)


@router.get("/catalog", responses=examples.answer(examples.METRIC_CATALOG))
def get_catalog() -> MetricCatalog:
    """Labels, chart groups, directions, units and bounds of the metrics that Fovea knows."""
    return METRIC_CATALOG


@router.get("/history", responses=examples.answer(examples.SNAPSHOT, is_list=True))
def get_history(
    response: Response,
    reader: Reader,
    run_id: SelectedRun,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[MetricsSnapshot]:
    """The values logged at each step, furthest step first."""
    page = Page(limit=limit, offset=offset)
    return metrics_history(reader, run_id, page).with_total_header(response)


@router.get("/performance/{metric:path}", responses=examples.answer(examples.POINT, is_list=True))
def get_performance(
    response: Response,
    reader: Reader,
    run_id: SelectedRun,
    metric: Metric,
    limit: Limit = 1000,
    from_step: FromStep = None,
    to_step: ToStep = None,
) -> list[PerformancePoint]:
    """A metric by step, ascending: at most `limit` points, of a longer one those that show its extremes."""
    steps = StepRange(from_step, to_step)
    return performance(reader, run_id, metric, limit, steps).with_total_header(response)
