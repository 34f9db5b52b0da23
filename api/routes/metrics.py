"""GET /api/metrics/…: the newest values of a run, its steps, its curves, and the metric catalogue."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.pages import Limit, Offset, Page
from api.routes.dependencies import Reader, SelectedRun, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import metrics as examples
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
        description="MLflow name, including slashes, or one of the short names loss, accuracy, auc_roc, "
        "f1_score, learning_rate, each for several MLflow names",
        examples=["train/loss"],
    ),
]

FromStep = Annotated[
    int | None, Query(ge=-LAST_STEP, le=LAST_STEP, description="first step to include")
]
ToStep = Annotated[
    int | None, Query(ge=-LAST_STEP, le=LAST_STEP, description="last step to include")
]


@router.get("/latest", responses=documented(examples.LATEST))
def get_latest(reader: Reader, run_id: SelectedRun) -> LatestMetrics:
    """The newest value of every metric."""
    return latest_metrics(reader, run_id)


@router.get("/catalog", responses=documented(examples.METRIC_CATALOG))
def get_catalog() -> MetricCatalog:
    """Labels, chart groups, directions, units and bounds of the metrics that Fovea knows."""
    return METRIC_CATALOG


@router.get("/history", responses=documented(examples.SNAPSHOT, is_list=True))
def get_history(
    response: Response,
    reader: Reader,
    run_id: SelectedRun,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[MetricsSnapshot]:
    """The values logged at each step, highest step first."""
    page = Page(limit=limit, offset=offset)
    return metrics_history(reader, run_id, page).with_total_header(response)


@router.get("/performance/{metric:path}", responses=documented(examples.POINT, is_list=True))
def get_performance(
    response: Response,
    reader: Reader,
    run_id: SelectedRun,
    metric: Metric,
    limit: Limit = 1000,
    from_step: FromStep = None,
    to_step: ToStep = None,
) -> list[PerformancePoint]:
    """A metric by ascending step, downsampled to `limit` points in a way that keeps its extremes."""
    steps = StepRange(from_step, to_step)
    return performance(reader, run_id, metric, limit, steps).with_total_header(response)
