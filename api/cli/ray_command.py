"""`fovea ray status` and `fovea ray stop`: the Ray head of this machine, which outlives the server."""

import time
from pathlib import Path
from typing import Annotated

import typer

from api.errors import ApiError
from api.settings import PREFIX, load_settings
from tracking_plugin.ray_detached_head import find_head, stop_head
from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT, HeadError
from tracking_plugin.ray_head_record import HeadRecord
from tracking_plugin.ray_job_api import RayEndpoint, RayError
from tracking_plugin.ray_job_client import RayJobClient

JOB_GRACE_S = float(JOB_STOP_ENVIRONMENT["RAY_JOB_STOP_WAIT_TIME_S"]) + 10.0

_POLL_S = 0.5

commands = typer.Typer()
ray = typer.Typer(
    help="The Ray head that runs the jobs of the server on this machine.", no_args_is_help=True
)
commands.add_typer(ray, name="ray")


@ray.command()
def status() -> None:
    """Show the Ray head of FOVEA_DATA_DIR and the number of its jobs."""
    data_dir = _data_dir()
    try:
        head = find_head(data_dir)
    except HeadError as error:
        raise ApiError(str(error)) from error
    if head is None:
        print(_no_head(data_dir))
        return
    print(f"A Ray head runs at {head.address} (process {head.pid}), {_num_jobs(head)}.")


@ray.command()
def stop(
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait until the jobs have saved a checkpoint.")
    ] = False,
) -> None:
    """Stop the jobs of the Ray head of FOVEA_DATA_DIR, then end it and all of its processes."""
    data_dir = _data_dir()
    try:
        head = find_head(data_dir)
        if head is not None and not now:
            _stop_jobs(_client(head))
        has_stopped = stop_head(data_dir)
    except HeadError as error:
        raise ApiError(str(error)) from error
    print(f"The Ray head of {data_dir} has ended." if has_stopped else _no_head(data_dir))


def _stop_jobs(client: RayJobClient) -> None:
    """Give every job the time to save a checkpoint; a head that does not answer gets none."""
    try:
        jobs = client.unfinished()
        for job in jobs:
            client.stop(job)
        if jobs:
            print(f"Waiting for {_jobs(len(jobs))} to save and end (--now does not wait).")
        deadline = time.monotonic() + JOB_GRACE_S
        while client.unfinished() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
    except RayError as error:
        print(f"Its jobs cannot be stopped one by one: {error}")


def _num_jobs(head: HeadRecord) -> str:
    try:
        return f"with {_jobs(len(_client(head).unfinished()))}"
    except RayError as error:
        return f"but its jobs are unknown: {error}"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number} jobs"


def _client(head: HeadRecord) -> RayJobClient:
    return RayJobClient(RayEndpoint(head.address, head.token))


def _data_dir() -> Path:
    return load_settings().data_dir.expanduser().absolute()


def _no_head(data_dir: Path) -> str:
    return f"No Ray head runs for {data_dir} ({PREFIX}DATA_DIR names another folder)."
