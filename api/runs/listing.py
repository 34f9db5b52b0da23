"""The list of runs with a summary of each."""

from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.headlines import headlines
from api.runs.metrics_data import nest
from api.runs.reader import RunReader
from api.runs.schemas import RunSummary
from api.runs.source import KEY_METRICS, FoundRun, RunQuery
from api.runs.state import RunState, latest_values
from api.runs.status import training_status
from api.timestamps import utc
from tracking_plugin.names import Tag

UNREADABLE = "What the run has logged cannot be shown: the server's log has the reason"


def list_runs(
    reader: RunReader, query: RunQuery, page: Page, now_ms: int, failures: RunFailures
) -> Listed[RunSummary]:
    """Newest first, without deleted runs."""
    found = reader.find_runs(query, page)
    return Listed([_readable_summary(run, now_ms, failures) for run in found.entries], found.total)


def _readable_summary(found: FoundRun, now_ms: int, failures: RunFailures) -> RunSummary:
    """The summary; of a run whose logged values cannot be shown, the summary without them."""
    summary: RunSummary | None = None
    with failures.isolated(found.state.run_id, "Listing runs"):
        summary = _summary(found, now_ms)
    return summary or _summary(without_logged(found), now_ms)


def without_logged(found: FoundRun) -> FoundRun:
    """The run with only what the store itself has recorded of it, and a message that says so."""
    state = found.state
    known = RunState(
        run_id=state.run_id,
        experiment_id=state.experiment_id,
        run_name=state.run_name,
        mlflow_status=state.mlflow_status,
        deleted=state.deleted,
        tags={Tag.MESSAGE: UNREADABLE},
    )
    return FoundRun(known, found.experiment_name)


def _summary(found: FoundRun, now_ms: int) -> RunSummary:
    state = found.state
    status = training_status(state, now_ms)
    values = latest_values(state)
    metrics = nest({name: values[name] for name in KEY_METRICS if name in values})
    return RunSummary(
        run_id=state.run_id,
        run_name=state.run_name,
        experiment_id=state.experiment_id or "",
        experiment_name=found.experiment_name,
        status=status.status,
        mlflow_status=state.mlflow_status,
        message=status.message,
        start_time=None if state.start_time_ms is None else utc(state.start_time_ms),
        end_time=None if state.end_time_ms is None else utc(state.end_time_ms),
        elapsed_time=status.elapsed_time,
        epoch=status.epoch,
        total_epochs=status.total_epochs,
        step=status.step,
        alert=status.alert,
        threshold_problem=status.threshold_problem,
        recipe=state.tags.get(Tag.RECIPE),
        evaluated_run=state.tags.get(Tag.EVALUATED_RUN),
        loss=metrics.loss,
        accuracy=metrics.accuracy,
        auc_roc=metrics.auc_roc,
        f1_score=metrics.f1_score,
        not_finite=metrics.not_finite,
        headlines=headlines(state.latest),
    )
