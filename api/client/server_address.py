"""Chooses the server that a client talks to: the given one, else that of MLFLOW_TRACKING_URI."""

from collections.abc import Mapping
from dataclasses import replace

from api.errors import ApiError
from tracking_plugin.server_address import EXAMPLE_URL
from tracking_plugin.server_address import AddressError as InvalidAddress
from tracking_plugin.server_connection import ServerConnection, server_connection
from tracking_plugin.server_environment import URI, ServerEnvironment, read_environment

DEFAULT_URL = EXAMPLE_URL


class AddressError(ApiError):
    """The given text is not an address of a server, or a setting of the connection cannot be used."""


def server_address(
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    environment: ServerEnvironment | None = None,
) -> ServerConnection:
    """The server at `url`, else at MLFLOW_TRACKING_URI, else, if that is not set, on this machine.

    Raises AddressError if the chosen one is not a server: none is ever replaced by another.
    """
    try:
        environment = environment or read_environment()
        connection = server_connection(chosen_uri(url, environment.uri), environment)
    except InvalidAddress as error:
        source = f"{URI}: " if url is None else ""
        hint = "; name the server with --url" if url is None else ""
        raise AddressError(f"{source}{error}{hint}") from None
    return replace(connection, headers={**connection.headers, **(headers or {})})


def chosen_uri(url: str | None, tracking_uri: str | None) -> str:
    """The given address, else that of MLFLOW_TRACKING_URI, else, if that is not set, the default."""
    if url is not None:
        return url
    return DEFAULT_URL if tracking_uri is None else tracking_uri
