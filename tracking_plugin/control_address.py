"""The address of a run's control link, and what else is needed to open it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from mlflow.tracking.request_header.registry import resolve_request_headers
from mlflow.utils.workspace_context import get_request_workspace

from tracking_plugin.server_address import is_server
from tracking_plugin.server_connection import WORKSPACE_HEADER, server_connection


@dataclass(frozen=True, kw_only=True)
class ControlAddress:
    """Everything needed to open a control link; `tls` is None for an unencrypted one."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None = None
    proxy: str | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        return urlsplit(self.url).netloc


def control_address(tracking_uri: str, run_id: str) -> ControlAddress | None:
    """The address of the run's control link, or None if the tracking URI is not a server's.

    Raises AddressError if the URI or a setting of the connection cannot be used.
    """
    if not is_server(tracking_uri):
        return None
    connection = server_connection(tracking_uri)
    return ControlAddress(
        url=connection.socket_url(f"/api/v1/runs/{quote(run_id, safe='')}/control"),
        headers={**_plugin_headers(), **connection.headers, **_workspace()},
        tls=connection.tls,
        proxy=connection.proxy,
    )


def _plugin_headers() -> dict[str, str]:
    """The headers of MLflow's plugins."""
    return {str(name): str(value) for name, value in resolve_request_headers().items()}


def _workspace() -> dict[str, str]:
    """The workspace that the program has set for MLflow's client, if any."""
    workspace = get_request_workspace()
    return {WORKSPACE_HEADER: workspace} if workspace else {}
