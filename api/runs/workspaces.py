"""Applies MLflow's workspaces to Fovea's own routes."""

from fastapi.exceptions import RequestValidationError
from mlflow.environment_variables import MLFLOW_ENABLE_WORKSPACES
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    FEATURE_DISABLED,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)
from mlflow.server.workspace_helpers import (
    WORKSPACE_HEADER_NAME,
    _get_workspace_store,
    resolve_workspace_for_request_if_enabled,
)
from mlflow.utils.workspace_context import ServerWorkspaceContext

from api.errors import NotFoundError

_FAULTS_OF_THE_HEADER = (
    ErrorCode.Name(INVALID_PARAMETER_VALUE),
    ErrorCode.Name(FEATURE_DISABLED),
)


class WorkspaceNotFoundError(NotFoundError):
    """The server has no such workspace."""


def resolve_workspace(path: str, header: str | None) -> str | None:
    """The workspace of a request, determined as MLflow's middleware does; None if they are disabled.

    Raises WorkspaceNotFoundError if it does not exist, and RequestValidationError if the header is
    not valid.
    """
    try:
        workspace = resolve_workspace_for_request_if_enabled(path, header)
    except MlflowException as error:
        raise _refusal(error) from None
    if workspace is None and MLFLOW_ENABLE_WORKSPACES.get():
        raise WorkspaceNotFoundError(
            f"This server has no default workspace: name one in the header {WORKSPACE_HEADER_NAME}"
        )
    return None if workspace is None else str(workspace.name)


def all_workspaces() -> list[str | None]:
    """The names of all workspaces; only None if workspaces are disabled."""
    if not MLFLOW_ENABLE_WORKSPACES.get():
        return [None]
    workspaces = _get_workspace_store().list_workspaces()
    return [str(workspace.name) for workspace in workspaces]


def within(workspace: str | None) -> ServerWorkspaceContext:
    """A context that limits reads and writes to `workspace`."""
    return ServerWorkspaceContext(workspace)


def _refusal(error: MlflowException) -> Exception:
    if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
        return WorkspaceNotFoundError(error.message)
    if error.error_code in _FAULTS_OF_THE_HEADER:
        problem = {"loc": ("header", WORKSPACE_HEADER_NAME), "msg": error.message}
        return RequestValidationError([problem])
    return error
