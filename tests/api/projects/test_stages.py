"""The status and the stage of a project follow from the run of its pipeline."""

import math

import pytest

from api.projects.messages import EventType, changes
from api.projects.records import ProjectState
from api.projects.schemas import ProjectProgress
from api.projects.stages import STAGES, PipelinePosition, ProjectStatus, position
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import PipelineMetric, PipelineStage, Tag

STATUSES = (
    *("analyzing", "analyzing", "processing", "processing"),
    *("training", "training", "evaluating", "deploying"),
)


def run(mlflow_status: str = "RUNNING", status: str = "training", **metrics: float) -> RunState:
    names = {it.name.lower(): it for it in PipelineMetric}
    latest = {names[it]: LoggedPoint(names[it], value, 1, 1) for it, value in metrics.items()}
    return RunState(
        run_id="r", mlflow_status=mlflow_status, tags={Tag.STATUS: status}, latest={**latest}
    )


def at(state: RunState | None, of: ProjectState = ProjectState.STARTED) -> PipelinePosition:
    return position(of, state, 0)


@pytest.mark.parametrize("number", range(8))
def test_each_stage_has_its_status(number: int) -> None:
    found = at(run(stage=number, progress_percent=55.9, seconds_left=9.2))

    assert (found.stage, found.status) == (STAGES[number], STATUSES[number])
    assert (found.percent, found.seconds_left) == (55, 10)


@pytest.mark.parametrize(
    ("mlflow_status", "expected"),
    [("FINISHED", "completed"), ("FAILED", "failed"), ("KILLED", "cancelled")],
)
def test_the_end_of_the_run_is_that_of_the_project(mlflow_status: str, expected: str) -> None:
    found = at(run(mlflow_status, stage=4, progress_percent=60, seconds_left=5))

    assert found.status == expected
    assert found.percent == (100 if expected == "completed" else 60)
    assert found.seconds_left is None


@pytest.mark.parametrize(
    ("stage", "code"),
    [*((it, "PIPELINE_FAILED") for it in range(7)), (7, "DEPLOYMENT_FAILED")],
)
def test_a_failure_has_the_code_of_its_stage(stage: int, code: str) -> None:
    assert at(run("FAILED", stage=stage)).error_code == code
    assert at(run(stage=stage)).error_code is None
    assert at(run("KILLED", stage=stage)).error_code is None


def test_a_training_on_images_goes_through_stages_by_its_steps_and_its_evidence() -> None:
    def trained(step: int | None, *names: str) -> PipelineStage:
        state = run()
        state.params |= {"total_epochs": "2", "steps_per_epoch": "10"}
        if step is not None:
            state.add_points([LoggedPoint(name, 1, step, 1) for name in ("train/loss", *names)])
        return at(state).stage

    found = [trained(step) for step in (None, 1, 19, 20)]
    found += [trained(20, "evidence/temperature"), at(run("FINISHED")).stage]
    assert found == [STAGES[number] for number in (2, 5, 5, 6, 7, 7)]


def test_a_project_without_a_run_waits_or_begins() -> None:
    assert at(None, ProjectState.WAITING).status is ProjectStatus.ANALYZING
    assert at(None, ProjectState.STARTING).status is ProjectStatus.CREATED
    assert at(None).status is ProjectStatus.CANCELLED
    assert at(run("SCHEDULED", "pending")).status is ProjectStatus.CREATED


def test_a_pipeline_does_not_go_back_once_it_logs_its_first_stage() -> None:
    states = (
        run("SCHEDULED", "pending"),
        run(status="starting"),
        *(run(stage=number) for number in range(len(STAGES))),
    )
    statuses = list(ProjectStatus)
    places = [statuses.index(at(state).status) for state in states]
    assert places == sorted(places)


def test_what_other_clients_log_does_no_harm() -> None:
    odd = at(run(stage=99, progress_percent=math.inf, seconds_left=math.nan))
    assert (odd.stage, odd.percent, odd.seconds_left) == (STAGES[-1], 0, None)
    negative = at(run(stage=-3, progress_percent=-7, seconds_left=-1))
    assert (negative.stage, negative.percent, negative.seconds_left) == (STAGES[0], 0, None)


def progress(
    status: ProjectStatus, stage: PipelineStage, percent: int = 0, run_id: str = "a"
) -> ProjectProgress:
    return ProjectProgress(
        project_id="p",
        status=status,
        current_stage=stage,
        progress_percentage=percent,
        message="",
        run_id=run_id,
    )


def test_two_looks_make_the_events_that_lead_from_one_to_the_other() -> None:
    first = progress(ProjectStatus.TRAINING, PipelineStage.MODEL_SELECTION)
    further = progress(ProjectStatus.TRAINING, PipelineStage.MODEL_SELECTION, 5)
    ended = progress(ProjectStatus.COMPLETED, PipelineStage.MODEL_DEPLOYMENT, 100)
    again = progress(ProjectStatus.CREATED, PipelineStage.DATA_ANALYSIS, run_id="b")

    def kinds(before: ProjectProgress | None, after: ProjectProgress) -> list[str]:
        return [it.event_type for it in changes(before, after)]

    assert kinds(first, first) == []
    assert kinds(first, further) == [EventType.PROGRESS_UPDATE]
    assert kinds(None, first) == ["stage_change", "progress_update"]
    assert kinds(further, ended) == ["stage_change", "progress_update", "completed"]
    assert kinds(ended, again) == ["stage_change", "progress_update"]
