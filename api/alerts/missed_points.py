"""Finds the runs of which points may not have been evaluated, and how far their metrics are."""

from api.alerts.last_writes import LastWriteStore
from api.pages import Page
from api.runs.reader import RunReader
from api.runs.run_over import HeldRun
from api.runs.source import RunQuery
from api.runs.workspaces import all_workspaces, within
from tracking_plugin.mlflow_status import ACTIVE_STATUSES, MlflowStatus

MAX_RUNS_PER_QUERY = 1000
OVERLAP_MS = 120_000
"""Runs that wrote or ended so long before the last search are searched again: the times of writes are
saved every 10 s, and clocks differ between machines."""


def runs_to_check(reader: RunReader, last_writes: LastWriteStore, since_ms: int) -> list[HeldRun]:
    """The runs that are active, have written to a server since, or have ended since.

    The end has the time of its client's clock, and counts only for runs that wrote past the server.
    """
    found = last_writes.since(since_ms - OVERLAP_MS)
    for workspace in all_workspaces():
        states = {}
        with within(workspace):
            # The newest runs may leave out an active one that began long ago.
            queries = (*(RunQuery(status=MlflowStatus(it)) for it in ACTIVE_STATUSES), RunQuery())
            for query in queries:
                for run in reader.find_runs(query, Page(limit=MAX_RUNS_PER_QUERY)).entries:
                    states[run.state.run_id] = run.state
        found += [
            HeldRun(run_id=run_id, workspace=workspace)
            for run_id, state in states.items()
            if state.mlflow_status in ACTIVE_STATUSES
            or (state.end_time_ms or 0) > since_ms - OVERLAP_MS
        ]
    return list(dict.fromkeys(found))


def latest_steps(reader: RunReader, run: HeldRun) -> dict[str, int]:
    """The newest step of each metric. Raises NotFoundError if the run does not exist."""
    with within(run.workspace):
        state = reader.state(run.run_id, recent_steps=0)
    return {name: point.step for name, point in state.latest.items()}
