"""Answers 503 if MLflow's store is unavailable."""

from fastapi import FastAPI, Request
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE, ErrorCode
from starlette.responses import Response

from api.errors import UnavailableError, refusal


def install_store_errors(app: FastAPI) -> None:
    """Register the handler of MLflow's exceptions."""
    app.add_exception_handler(MlflowException, _on_mlflow_error)


async def _on_mlflow_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MlflowException)
    if error.error_code != ErrorCode.Name(TEMPORARILY_UNAVAILABLE):
        raise error
    # MLflow's own message may contain the address of the database.
    return refusal(
        request.scope, UnavailableError("MLflow's store does not respond: try again later")
    )
