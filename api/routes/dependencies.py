"""What the routes about runs share: who reads, in which workspace, and which run."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.control.audit import Issuer
from api.errors import ErrorResponse, NotFoundError
from api.runs.reader import RunReader
from api.runs.workspaces import resolve_workspace, within
from api.services import Services

REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorResponse, "description": "What was asked for is not there"},
    422: {"model": ErrorResponse, "description": "A value is not what was expected"},
}


class NoRunError(NotFoundError):
    """Nothing has been logged yet."""

    def __init__(self) -> None:
        super().__init__(
            "There is no run yet: start one with POST /api/training/start, "
            "or log one to this server with MLflow"
        )


async def in_workspace(
    request: Request,
    workspace: Annotated[
        str | None,
        Header(alias=WORKSPACE_HEADER_NAME, description="MLflow's workspace, where these are on"),
    ] = None,
) -> AsyncIterator[None]:
    """A router's dependency: its routes see the runs of the request's workspace alone."""
    with within(await run_in_threadpool(resolve_workspace, request.url.path, workspace)):
        yield


def run_reader(request: Request) -> RunReader:
    reader = request.app.state.runs
    assert isinstance(reader, RunReader)
    return reader


Reader = Annotated[RunReader, Depends(run_reader)]


def selected_run_id(
    reader: Reader,
    run_id: Annotated[
        str | None, Query(description="MLflow run id; the newest active run, else the newest")
    ] = None,
) -> str:
    """The run that is asked for; NoRunError. Whether it is there, its reading tells."""
    selected = reader.default_run_id() if run_id is None else run_id
    if selected is None:
        raise NoRunError
    return selected


SelectedRun = Annotated[str, Depends(selected_run_id)]


def running_services(connection: HTTPConnection) -> Services:
    services = connection.app.state.services
    assert isinstance(services, Services)
    return services


RunningServices = Annotated[Services, Depends(running_services)]


def issuer(request: Request) -> Issuer:
    """Who asks; until there are logins, anybody who can reach the server."""
    return Issuer(who="anonymous", source=request.client.host if request.client else "")


By = Annotated[Issuer, Depends(issuer)]


def workspace_of(request: Request) -> str | None:
    return resolve_workspace(request.url.path, request.headers.get(WORKSPACE_HEADER_NAME))


Workspace = Annotated[str | None, Depends(workspace_of)]
