"""Finds the runs of which points may not have been evaluated, and how far their metrics are."""

from api.pages import Page
from api.runs.reader import RunReader
from api.runs.source import RunQuery
from api.runs.workspaces import all_workspaces, within
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, MlflowStatus

MAX_RUNS_PER_QUERY = 1000
OVERLAP_MS = 60_000
"""Runs that ended so long before the last search are searched again: clocks differ between machines."""


def runs_to_check(reader: RunReader, since_ms: int) -> list[tuple[str, str | None]]:
    """Ids and workspaces of the runs that are active, or have ended since."""
    found: list[tuple[str, str | None]] = []
    for workspace in all_workspaces():
        states = {}
        with within(workspace):
            # The newest runs may leave out an active one that began long ago.
            queries = (*(RunQuery(status=MlflowStatus(it)) for it in ACTIVE_STATUSES), RunQuery())
            for query in queries:
                for run in reader.find_runs(query, Page(limit=MAX_RUNS_PER_QUERY)).entries:
                    states[run.state.run_id] = run.state
        found += [
            (run_id, workspace)
            for run_id, state in states.items()
            if state.mlflow_status in ACTIVE_STATUSES
            or (state.end_time_ms or 0) > since_ms - OVERLAP_MS
        ]
    return found


def latest_steps(reader: RunReader, run_id: str, workspace: str | None) -> dict[str, int]:
    """The newest step of each metric. Raises NotFoundError if the run does not exist."""
    with within(workspace):
        state = reader.state(run_id, recent_steps=0)
    return {name: point.step for name, point in state.latest.items()}
