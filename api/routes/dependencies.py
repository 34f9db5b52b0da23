"""Dependencies of routes: the workspace, the run reader, the selected run, the services, the issuer."""

import ipaddress
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.control.audit import Issuer
from api.control.service import ControlService
from api.errors import NotFoundError
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.workspaces import resolve_workspace, within
from api.services import Services

UNKNOWN_SOURCE = "unknown"
"""In the audit, the source of a request whose address is not known for sure."""


class NoRunError(NotFoundError):
    """The server has no runs."""

    def __init__(self) -> None:
        super().__init__(
            "There is no run yet: start one with POST /api/training/start, "
            "or log one to this server with MLflow"
        )


async def in_workspace(
    request: Request,
    workspace: Annotated[
        str | None,
        Header(
            alias=WORKSPACE_HEADER_NAME,
            description="MLflow workspace, where workspaces are enabled",
        ),
    ] = None,
) -> AsyncIterator[None]:
    """Limits the routes of a router to the workspace of the request."""
    with within(await run_in_threadpool(resolve_workspace, request.url.path, workspace)):
        yield


def run_reader(request: Request) -> RunReader:
    reader = request.app.state.runs
    assert isinstance(reader, RunReader)
    return reader


Reader = Annotated[RunReader, Depends(run_reader)]


def run_failures(request: Request) -> RunFailures:
    failures = request.app.state.run_failures
    assert isinstance(failures, RunFailures)
    return failures


Failures = Annotated[RunFailures, Depends(run_failures)]


def selected_run_id(
    reader: Reader,
    run_id: Annotated[
        str | None,
        Query(
            description="MLflow run id, or the beginning of one; default: the newest active run, else "
            "the newest run"
        ),
    ] = None,
) -> str:
    """The requested run or the default one. Raises NoRunError; reading the run checks that it exists."""
    selected = reader.default_run_id() if run_id is None else reader.full_run_id(run_id)
    if selected is None:
        raise NoRunError
    return selected


SelectedRun = Annotated[str, Depends(selected_run_id)]


def running_services(connection: HTTPConnection) -> Services:
    services = connection.app.state.services
    assert isinstance(services, Services)
    return services


RunningServices = Annotated[Services, Depends(running_services)]


def control_service(services: RunningServices) -> ControlService:
    return services.control


Control = Annotated[ControlService, Depends(control_service)]


def issuer(request: Request) -> Issuer:
    return issuer_of(request)


def issuer_of(connection: HTTPConnection) -> Issuer:
    """Who sends the request; anonymous, because there is no authentication yet."""
    return Issuer(who="anonymous", source=source_of(connection))


def source_of(connection: HTTPConnection) -> str:
    """The address of the client, as the audit keeps it: a proxy may forward any other text."""
    host = connection.client.host if connection.client else ""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return UNKNOWN_SOURCE


By = Annotated[Issuer, Depends(issuer)]


def workspace_of(request: Request) -> str | None:
    return resolve_workspace(request.url.path, request.headers.get(WORKSPACE_HEADER_NAME))


Workspace = Annotated[str | None, Depends(workspace_of)]
