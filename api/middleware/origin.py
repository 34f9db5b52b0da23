"""A web origin (scheme, host and port), parsed and compared as browsers do."""

import re
from dataclasses import dataclass

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORM = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Origin:
    """`port` is None only if none is given and the scheme has no default."""

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
