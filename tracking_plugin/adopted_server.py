"""Makes MLflow's client use one server in this whole process, with no password left in its URI."""

import os

import mlflow

from tracking_plugin.server_address import AddressError, parse_server, shown_uri
from tracking_plugin.server_connection import server_connection
from tracking_plugin.server_environment import PASSWORD, TOKEN, URI, USERNAME, read_environment


def adopt_server(uri: str) -> str:
    """Set MLflow's tracking URI to the server at `uri`, and return it without user name and password.

    These move to MLflow's environment variables, so that no link, message, parameter or error that
    quotes the URI shows them. Raises AddressError if the URI or a setting cannot be used.
    """
    address = parse_server(uri)
    server_connection(uri)
    if address.username is not None:
        if not (address.username and address.password):
            raise AddressError(
                f"{shown_uri(uri)!r} has a user name and no password, or the reverse: give both, "
                f"or set {TOKEN}"
            )
        os.environ.update({USERNAME: address.username, PASSWORD: address.password})
    if token := read_environment().token:
        os.environ[TOKEN] = token
    mlflow.set_tracking_uri(address.url)
    return address.url


def require_tracking_uri() -> str:
    """The tracking URI of this process. Raises AddressError if its variable is set, but empty.

    MLflow would then write to a file in the working directory, where nobody looks for the run.
    """
    if not os.environ.get(URI, "unset").strip():
        raise AddressError(
            f"{URI} is set, but empty: set it to the server's address, or unset it to use MLflow's "
            "default, a database in this folder"
        )
    return str(mlflow.get_tracking_uri()).strip()
