"""The list of jobs has those whose run is gone, or cannot be shown, and all others."""

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from api.jobs.service import JobService
from api.jobs.store import Job, JobState
from api.pages import Listed, Page
from api.run_failures import RunFailures
from api.runs.reader import RunNotFoundError
from api.runs.state import RunState
from tracking_plugin.names import RunStatus

pytestmark = pytest.mark.anyio

GOOD = Job(
    run_id="good",
    workspace=None,
    kind="training",
    spec=json.dumps({"recipe": "retinal"}),
    tracking_uri="http://localhost",
    state=JobState.SUBMITTED,
    created_ms=0,
)
GONE, BAD = replace(GOOD, run_id="gone"), replace(GOOD, run_id="bad")
NEWER = replace(GOOD, run_id="newer", kind="of a newer version")


class Parts:
    """The store of the jobs, the reader of their runs, and their control."""

    def listed(self, *_: Any) -> Listed[Job]:
        return Listed([GOOD, GONE, BAD, NEWER], 4)

    def state(self, run_id: str, *_: Any) -> RunState:
        if run_id == "gone":
            raise RunNotFoundError(run_id)
        if run_id == "bad":
            raise RecursionError
        return RunState(run_id=run_id, mlflow_status="RUNNING")

    async def find(self, _: str) -> None:
        return None


async def test_each_job_is_listed_for_itself() -> None:
    failures, parts = RunFailures(), cast(Any, Parts())
    service = JobService(parts, parts, parts, parts, parts, failures=failures, wake=lambda: None)

    listed = await service.listed(None, Page(limit=10))

    assert [(entry.id, entry.status) for entry in listed.entries] == [
        ("good", RunStatus.TRAINING),
        ("gone", RunStatus.IDLE),
        ("bad", RunStatus.IDLE),
    ]
    assert listed.total == 4
    assert [failure.run_id for failure in failures.newest()] == ["newer", "bad"]
