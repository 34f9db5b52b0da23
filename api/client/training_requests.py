"""What a client may ask and command of trainings: where each request goes, and the type of its answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from api.client.request import ApiRequest, drop_none
from api.control.schemas import CommandEntry, ControlResponse
from api.jobs.log_lines import LogLine
from api.jobs.schemas import JobEntry, JobProgress, JobStarted, RecipeEntry, StartResponse

OBEY_TIMEOUT_S = 10.0
"""For how long a command waits to be acknowledged."""

_recipes = TypeAdapter(list[RecipeEntry])
_started = TypeAdapter(StartResponse)
_obeyed = TypeAdapter(ControlResponse)
_commands = TypeAdapter(list[CommandEntry])
_jobs = TypeAdapter(list[JobEntry])
_job = TypeAdapter(JobEntry)
_job_started = TypeAdapter(JobStarted)
_job_progress = TypeAdapter(JobProgress)
_job_logs = TypeAdapter(list[LogLine])


def recipes() -> ApiRequest[list[RecipeEntry]]:
    return ApiRequest("/api/recipes", _recipes)


def start(
    *,
    recipe: str | None,
    data: str | None,
    params: Mapping[str, Any] | None,
    experiment_name: str | None,
    workers: int | None,
) -> ApiRequest[StartResponse]:
    body = drop_none(
        recipe=recipe, data=data, params=params, experiment_name=experiment_name, workers=workers
    )
    return ApiRequest("/api/training/start", _started, method="POST", body=body)


def pause(run_id: str | None, *, release: bool, timeout_s: float) -> ApiRequest[ControlResponse]:
    return _command("pause", run_id, timeout_s, release=release)


def resume(run_id: str | None, *, timeout_s: float) -> ApiRequest[ControlResponse]:
    return _command("resume", run_id, timeout_s)


def stop(run_id: str | None, *, timeout_s: float) -> ApiRequest[ControlResponse]:
    return _command("stop", run_id, timeout_s)


def commands(
    run_id: str, *, limit: int | None, offset: int | None
) -> ApiRequest[list[CommandEntry]]:
    query = drop_none(limit=limit, offset=offset)
    return ApiRequest(f"/api/training/{_part(run_id)}/commands", _commands, query)


def jobs(*, limit: int | None, offset: int | None) -> ApiRequest[list[JobEntry]]:
    return ApiRequest("/api/training/", _jobs, drop_none(limit=limit, offset=offset))


def job(job_id: str) -> ApiRequest[JobEntry]:
    return ApiRequest(f"/api/training/{_part(job_id)}", _job)


def job_progress(job_id: str) -> ApiRequest[JobProgress]:
    return ApiRequest(f"/api/training/{_part(job_id)}/progress", _job_progress)


def job_logs(job_id: str, *, limit: int | None) -> ApiRequest[list[LogLine]]:
    return ApiRequest(f"/api/training/{_part(job_id)}/logs", _job_logs, drop_none(limit=limit))


def create_job(
    recipe: str,
    *,
    data: str | None,
    base_model: str | None,
    config: Mapping[str, Any] | None,
    output_name: str | None,
) -> ApiRequest[JobEntry]:
    body = drop_none(
        type=recipe, data=data, base_model=base_model, config=config, output_name=output_name
    )
    return ApiRequest("/api/training/", _job, method="POST", body=body)


def start_job(job_id: str) -> ApiRequest[JobStarted]:
    return ApiRequest(f"/api/training/{_part(job_id)}/start", _job_started, method="POST")


def cancel_job(job_id: str) -> ApiRequest[JobEntry]:
    return ApiRequest(f"/api/training/{_part(job_id)}/cancel", _job, method="POST")


def _command(
    action: str, run_id: str | None, timeout_s: float, **more: bool
) -> ApiRequest[ControlResponse]:
    return ApiRequest(
        f"/api/training/{action}",
        _obeyed,
        drop_none(run_id=run_id),
        method="POST",
        body={"timeout_s": timeout_s, **more},
        waits_s=timeout_s,
    )


def _part(name: str) -> str:
    """As one part of a path, whatever it holds."""
    return quote(name, safe="")
