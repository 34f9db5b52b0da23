"""Keeps the runs whose series are evaluated from memory."""

from collections import OrderedDict
from collections.abc import Collection
from functools import partial

from api.alerts.builtin import rules_of_run
from api.alerts.rule_file import RuleFile
from api.alerts.run_series import RunSeries
from api.runs.critical_thresholds import critical_thresholds
from api.runs.reader import RunNotFoundError, RunReader
from api.runs.workspaces import within
from api.storage.database import in_database

MAX_RUNS = 1000


class FollowedRuns:
    """At most MAX_RUNS; the run that was used longest ago is removed first."""

    def __init__(self, file: RuleFile, reader: RunReader) -> None:
        self._file = file
        self._reader = reader
        self._runs: OrderedDict[str, RunSeries] = OrderedDict()

    async def get(self, run_id: str, workspace: str | None) -> RunSeries:
        """Raises NotFoundError if the run does not exist or is deleted."""
        run = self._runs.get(run_id)
        if run is None:
            run = await in_database(partial(self._read, run_id, workspace))
            self._runs[run_id] = run
            if len(self._runs) > MAX_RUNS:
                self._runs.popitem(last=False)
        self._runs.move_to_end(run_id)
        return run

    def remove(self, run_id: str) -> RunSeries | None:
        return self._runs.pop(run_id, None)

    def retain(self, run_ids: Collection[str]) -> None:
        """Remove all other runs."""
        for run_id in self._runs.keys() - set(run_ids):
            del self._runs[run_id]

    def clear(self) -> None:
        self._runs.clear()

    def _read(self, run_id: str, workspace: str | None) -> RunSeries:
        with within(workspace):
            state = self._reader.state(run_id, recent_steps=0)
        if state.deleted:
            raise RunNotFoundError(run_id)
        rules = rules_of_run(self._file, critical_thresholds(state.params))
        return RunSeries(state, workspace, rules)
