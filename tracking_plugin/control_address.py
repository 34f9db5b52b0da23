"""The URL, credentials and TLS settings of a run's control link, taken from MLflow's own settings."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from mlflow.tracking.request_header.registry import resolve_request_headers
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.workspace_context import get_request_workspace
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME


@dataclass(frozen=True, kw_only=True)
class ControlAddress:
    """Everything needed to open a control link; `tls` is None for an unencrypted one."""

    url: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext | None = None

    @property
    def server(self) -> str:
        return urlsplit(self.url).netloc


def control_address(tracking_uri: str, run_id: str) -> ControlAddress | None:
    """The address of the run's control link, or None if the tracking URI is not a server's."""
    parts = urlsplit(tracking_uri)
    if parts.scheme not in ("http", "https"):
        return None
    scheme = parts.scheme.replace("http", "ws", 1)
    path = f"{parts.path.rstrip('/')}/api/v1/runs/{run_id}/control"
    url = urlunsplit((scheme, parts.netloc.rpartition("@")[2], path, "", ""))
    tls = _tls(tracking_uri) if scheme == "wss" else None
    return ControlAddress(url=url, headers=_headers(tracking_uri), tls=tls)


def _headers(tracking_uri: str) -> dict[str, str]:
    """The headers that MLflow's client would send: its plugins', credentials and workspace."""
    headers = {str(name): str(value) for name, value in resolve_request_headers().items()}
    credentials = get_default_host_creds(tracking_uri)
    in_uri = urlsplit(tracking_uri)
    if credentials.username and credentials.password:
        headers["Authorization"] = _basic(credentials.username, credentials.password)
    elif credentials.token:
        headers["Authorization"] = f"Bearer {credentials.token}"
    elif in_uri.username:
        headers["Authorization"] = _basic(unquote(in_uri.username), unquote(in_uri.password or ""))
    if workspace := get_request_workspace():
        headers[WORKSPACE_HEADER_NAME] = workspace
    return headers


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.standard_b64encode(f'{username}:{password}'.encode()).decode()}"


def _tls(tracking_uri: str) -> ssl.SSLContext:
    credentials = get_default_host_creds(tracking_uri)
    context = ssl.create_default_context(cafile=credentials.server_cert_path)
    if credentials.ignore_tls_verification:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if credentials.client_cert_path:
        context.load_cert_chain(credentials.client_cert_path)
    return context
