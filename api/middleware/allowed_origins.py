"""Decides by the header Origin whose pages may use the server: its own and those in FOVEA_CORS_ORIGINS."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import ForbiddenError

_HTTP_SCHEMES = {"ws": "http", "wss": "https"}
_LONGEST_SHOWN = 100

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORM = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Origin:
    """Compared as browsers do; `port` is None only if none is given and the scheme has no default."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "Origin | None":
        """The origin if `text` is exactly one; None otherwise, for example for `null`."""
        if (found := _FORM.fullmatch(text)) is None:
            return None
        scheme, port = found["scheme"].lower(), found["port"]
        number = int(port) if port else _DEFAULT_PORTS.get(scheme)
        return cls(scheme, found["host"].lower(), number)

    def __str__(self) -> str:
        """As browsers write it in the header `Origin`."""
        if self.port == _DEFAULT_PORTS.get(self.scheme):
            return f"{self.scheme}://{self.host}"
        return f"{self.scheme}://{self.host}:{self.port}"


def refuse_origin(scope: Scope, origins: AbstractSet[Origin]) -> ForbiddenError | None:
    """The error if the request comes from a page of another origin, unless `origins` holds it."""
    headers = Headers(scope=scope)
    given = headers.getlist("origin")
    # Only browsers send an origin: that of the page which sends the request.
    if not given:
        return None
    origin = Origin.parse(given[0]) if len(given) == 1 else None
    if origin is not None and origin in {*origins, _own_origin(scope, headers["host"])}:
        return None
    return ForbiddenError(
        f"The Origin {quoted(given)} is not allowed: add it to FOVEA_CORS_ORIGINS "
        "if you trust its pages"
    )


def _own_origin(scope: Scope, host: str) -> Origin | None:
    # The scheme comes from the server: any client can send X-Forwarded-Proto.
    scheme = _HTTP_SCHEMES.get(scope["scheme"], scope["scheme"])
    return Origin.parse(f"{scheme}://{host}")


def quoted(values: list[str]) -> str:
    """The values of a header for an error message, truncated."""
    return repr(", ".join(values)[:_LONGEST_SHOWN])
