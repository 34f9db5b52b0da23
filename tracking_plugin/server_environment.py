"""The environment variables and the file from which MLflow's client takes credentials and TLS settings.

MLflow reads them itself, but importing it takes seconds, which the commands of a terminal do without.
"""

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracking_plugin.server_address import AddressError, host_of, is_loopback

URI = "MLFLOW_TRACKING_URI"
USERNAME = "MLFLOW_TRACKING_USERNAME"
PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - the name of a variable
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - the name of a variable
INSECURE_TLS = "MLFLOW_TRACKING_INSECURE_TLS"
SERVER_CERT_PATH = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERT_PATH = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
WORKSPACE = "MLFLOW_WORKSPACE"

_CERTIFICATE_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Read by requests, through which MLflow's client sends."""

_BOOLEANS = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True, kw_only=True)
class ServerEnvironment:
    """The variables that MLflow's client reads; a variable that is not set is empty."""

    uri: str | None = field(default=None, repr=False)
    """None if the variable is not set, which differs from an empty one."""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    is_tls_insecure: bool = False
    certificates: str = ""
    """File or folder of the trusted certificates; by default those of the system and of certifi."""
    client_certificate: str = ""
    workspace: str = ""


def read_environment(variables: Mapping[str, str] | None = None) -> ServerEnvironment:
    """The present settings. Raises AddressError that names a variable whose value cannot be used."""
    given = os.environ if variables is None else variables
    username, password = _credentials_file()
    is_insecure = _boolean(given, INSECURE_TLS)
    if is_insecure and given.get(SERVER_CERT_PATH):
        raise AddressError(f"{INSECURE_TLS} and {SERVER_CERT_PATH} are both set: unset one of them")
    bundles = (given.get(name) for name in (SERVER_CERT_PATH, *_CERTIFICATE_BUNDLES))
    return ServerEnvironment(
        uri=given.get(URI),
        username=given.get(USERNAME) or username,
        password=given.get(PASSWORD) or password,
        token=_token(given),
        is_tls_insecure=is_insecure,
        certificates=next(filter(None, bundles), ""),
        client_certificate=given.get(CLIENT_CERT_PATH, ""),
        workspace=given.get(WORKSPACE, "").strip(),
    )


def credential_variables() -> dict[str, str]:
    """The variables of this process with which another one gets the same access to the server."""
    names = (USERNAME, PASSWORD, TOKEN, INSECURE_TLS, WORKSPACE)
    return {name: os.environ[name] for name in names if name in os.environ}


def direct_variables(uri: str, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables with which a process reaches a server on this machine past HTTP_PROXY.

    Empty for a server elsewhere, which may only be reachable through the proxy.
    """
    host = host_of(uri)
    if host is None or not is_loopback(host):
        return {}
    excepted = given.get("no_proxy") or given.get("NO_PROXY") or ""
    names = [name.strip() for name in excepted.split(",") if name.strip()]
    text = ",".join([*names, *([] if {host, "*"} & set(names) else [host])])
    # Which of the two counts differs between programs.
    return {"NO_PROXY": text, "no_proxy": text}


def _credentials_file() -> tuple[str, str]:
    """User name and password in MLflow's file, if it has them."""
    parser = configparser.ConfigParser()
    try:
        parser.read(Path("~/.mlflow/credentials").expanduser())
        username, password = (
            parser.get("mlflow", name.lower(), fallback="") for name in (USERNAME, PASSWORD)
        )
    except (configparser.Error, OSError, RuntimeError, UnicodeDecodeError) as error:
        # The error's text would quote a line of the file.
        raise AddressError(
            f"~/.mlflow/credentials cannot be read ({type(error).__name__}): expected a section "
            f"[mlflow] with {USERNAME.lower()} and {PASSWORD.lower()}"
        ) from None
    return username, password


def _boolean(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "").strip().lower()
    if text not in _BOOLEANS:
        raise AddressError(f"{name}: expected true or false, but {text[:40]!r} came")
    return _BOOLEANS[text]


def _token(given: Mapping[str, str]) -> str:
    """The token without the line break that reading it from a file leaves at its end."""
    token = given.get(TOKEN, "").strip()
    if not token.isascii() or not token.isprintable():
        raise AddressError(
            f"{TOKEN}: expected printable ASCII characters, which a header can carry"
        )
    return token
