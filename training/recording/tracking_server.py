"""Checks at the start that the tracking server can be reached and accepts the credentials."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from tracking_plugin.adopted_server import adopt_server, require_tracking_uri
from tracking_plugin.server_address import AddressError, is_server, shown_uri, without_credentials
from training.errors import TrackingError, first_line
from training.tracking.failures import (
    cause_of,
    is_certificate_refused,
    is_temporary,
    is_temporary_status,
)

REACH_TIMEOUT_S = 5.0
REACH_ATTEMPTS = 3
RETRY_INTERVAL_S = 1.0
QUESTION = "/api/2.0/mlflow/experiments/search?max_results=1"
"""A request that MLflow's client sends too; a proxy may forward no other, such as /health."""

_HOST_AND_PORT = re.compile(r"[\w.-]+:[0-9]{1,5}(?:/.*)?|\[[0-9a-fA-F:]+\]:[0-9]{1,5}(?:/.*)?")

# MLflow declares no types for these.
_send: Callable[..., requests.Response] = http_request


@dataclass(frozen=True)
class Problem:
    """Why a server cannot be used; `is_final` if it stays so."""

    text: str
    is_final: bool


def open_tracking_server() -> str:
    """This program's tracking URI, without credentials, once its server has answered.

    Raises TrackingError if the URI cannot be used, or if the server does not answer or refuses.
    """
    try:
        uri = require_tracking_uri()
        if not is_server(uri):
            require_store(uri)
            return uri
        uri = adopt_server(uri)
    except AddressError as error:
        raise TrackingError(f"{error}.") from None
    require_reachable(uri)
    return uri


def require_store(tracking_uri: str) -> None:
    """Raise TrackingError unless MLflow can open the store at `tracking_uri`, which is no server's."""
    if _HOST_AND_PORT.fullmatch(tracking_uri):
        # MLflow would take it for the name of a folder.
        raise TrackingError(
            f"MLFLOW_TRACKING_URI is {tracking_uri!r}, which has no scheme: "
            f"expected http://{tracking_uri}."
        )
    try:
        MlflowClient(tracking_uri).search_experiments(max_results=1)
    except Exception as error:  # Stores and database drivers raise errors of any type.
        raise TrackingError(
            f"MLflow cannot open {shown_uri(tracking_uri)}: {without_credentials(first_line(error))}"
        ) from error


def require_reachable(tracking_uri: str) -> None:
    """Raise TrackingError unless an MLflow server at `tracking_uri` accepts requests."""
    problem: Problem | None = None
    for attempt in range(REACH_ATTEMPTS):
        if attempt > 0:
            time.sleep(RETRY_INTERVAL_S)
        problem = _ask(tracking_uri)
        if problem is None:
            return
        if problem.is_final:
            raise TrackingError(f"The tracking server at {tracking_uri} {problem.text}.")
    assert problem is not None
    raise TrackingError(
        f"No MLflow server answers at {tracking_uri} ({problem.text}). Start one with 'fovea serve', "
        "or set MLFLOW_TRACKING_URI to where it runs."
    )


def _ask(tracking_uri: str) -> Problem | None:
    try:
        response = _send(
            get_default_host_creds(tracking_uri),
            QUESTION,
            "GET",
            max_retries=0,
            retry_codes=frozenset(),
            raise_on_status=False,
            timeout=REACH_TIMEOUT_S,
        )
    except (MlflowException, requests.RequestException) as error:
        return failed(error)
    return judged(response)


def failed(error: Exception) -> Problem:
    """What is wrong where a request got no answer."""
    cause = cause_of(error)
    if is_certificate_refused(cause):
        text = (
            "has a certificate that is not trusted: name a file of trusted ones in "
            "MLFLOW_TRACKING_SERVER_CERT_PATH, or set MLFLOW_TRACKING_INSECURE_TLS=true to trust any"
        )
        return Problem(text, is_final=True)
    if isinstance(cause, requests.exceptions.ProxyError):
        text = "ProxyError: check HTTP_PROXY and HTTPS_PROXY, or name the server in NO_PROXY"
        return Problem(text, is_final=False)
    if is_temporary(error):
        return Problem(type(cause).__name__, is_final=False)
    return Problem(f"cannot be asked: {without_credentials(first_line(cause))}", is_final=True)


def judged(response: requests.Response) -> Problem | None:
    """What is wrong with an answer to QUESTION; None if an MLflow server accepts requests."""
    status = response.status_code
    if response.history:
        location = shown_uri(response.url.removesuffix(QUESTION))
        text = f"redirects to {location}: set MLFLOW_TRACKING_URI to that address"
        return Problem(text, is_final=True)
    if is_temporary_status(status):
        return Problem(f"HTTP status {status}", is_final=False)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        text = (
            f"refuses this user (HTTP status {status}): check MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
        return Problem(text, is_final=True)
    if status != HTTPStatus.OK or not _is_mlflows(response):
        text = (
            f"does not answer as MLflow does (HTTP status {status}): check the address, with the "
            "path prefix if the server has one"
        )
        return Problem(text, is_final=True)
    return None


def _is_mlflows(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except requests.JSONDecodeError:
        return False
