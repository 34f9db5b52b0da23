"""Answers 503 if MLflow's store is unavailable, and 507 if the disk of a store is full."""

from fastapi import FastAPI, Request
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE, ErrorCode
from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from api.errors import UnavailableError, refusal
from api.storage.full_disk import disk_full, means_full_disk


def install_store_errors(app: FastAPI) -> None:
    """Register the handlers of MLflow's exceptions, and of what the system and the database raise."""
    app.add_exception_handler(MlflowException, _on_mlflow_error)
    app.add_exception_handler(OSError, _on_os_error)
    app.add_exception_handler(DBAPIError, _on_os_error)


async def _on_mlflow_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MlflowException)
    if means_full_disk(error):
        return refusal(request.scope, disk_full())
    if error.error_code != ErrorCode.Name(TEMPORARILY_UNAVAILABLE):
        raise error
    # MLflow's own message may contain the address of the database.
    return refusal(
        request.scope, UnavailableError("MLflow's store does not respond: try again later")
    )


async def _on_os_error(request: Request, error: Exception) -> Response:
    if not means_full_disk(error):
        raise error
    return refusal(request.scope, disk_full())
