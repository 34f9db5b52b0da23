"""The server's address and the client's credentials, read from MLflow's environment variables."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import ApiError

DEFAULT_URL = "http://127.0.0.1:5000"

_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class AddressError(ApiError):
    """The given text is not an address of a server."""


class TrackingVariables(BaseSettings):
    """MLFLOW_TRACKING_URI, _USERNAME, _PASSWORD and _TOKEN."""

    model_config = SettingsConfigDict(env_prefix="MLFLOW_TRACKING_", frozen=True)

    uri: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """A server's URL, with its path prefix, and the headers that every request carries."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def socket_url(self, path: str, query: Mapping[str, str]) -> str:
        parts = urlsplit(self.url)
        text = "&".join(f"{name}={quote(value, safe=':')}" for name, value in query.items())
        return urlunsplit(
            (_SOCKET_SCHEMES[parts.scheme], parts.netloc, f"{parts.path}{path}", text, "")
        )


def server_address(
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    variables: TrackingVariables | None = None,
) -> ServerAddress:
    """The server at `url`, else at MLFLOW_TRACKING_URI, else on this machine.

    Raises AddressError if the URL is not one of a server.
    """
    variables = variables or TrackingVariables()
    parts = _parts(url or (variables.uri if _is_http(variables.uri) else DEFAULT_URL))
    # The URL loses its user name and password, so that no message and no log shows them.
    host = parts.netloc.rpartition("@")[2]
    return ServerAddress(
        url=urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")),
        headers={**_authorization(parts, variables), **(headers or {})},
    )


def _is_http(uri: str) -> bool:
    return uri.partition("://")[0] in _SOCKET_SCHEMES


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in _SOCKET_SCHEMES and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    shown = url.rpartition("@")[2]
    raise AddressError(f"{shown!r} is not an address of a server: expected one like {DEFAULT_URL}")


def _authorization(parts: SplitResult, variables: TrackingVariables) -> dict[str, str]:
    if parts.username is not None:
        return _basic(unquote(parts.username), unquote(parts.password or ""))
    # MLflow's client also prefers the user name and password to the token.
    if variables.username and (password := variables.password.get_secret_value()):
        return _basic(variables.username, password)
    if token := variables.token.get_secret_value():
        return {"Authorization": f"Bearer {token}"}
    return {}


def _basic(username: str, password: str) -> dict[str, str]:
    pair = b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
