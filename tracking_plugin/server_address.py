"""Parses the address of an MLflow server, for every client: there is no other parser of such addresses."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit

EXAMPLE_URL = "http://127.0.0.1:5000"

SOCKET_SCHEMES = {"http": "ws", "https": "wss"}
"""The schemes of a server's address, and those of its WebSockets."""

# Greedy, because a password may contain an unescaped @.
_CREDENTIALS = re.compile(r"://[^/\s]*@")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0]")


class AddressError(ValueError):
    """The text is not the address of a server; the message shows no password."""


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """Where a server is; `url` has its path prefix, but no user name and no password."""

    url: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def socket_url(url: str, path: str, query: Mapping[str, str] = MappingProxyType({})) -> str:
    """The URL of the WebSocket at `path` of the server whose parsed address is `url`."""
    parts = urlsplit(url)
    text = urlencode(query, safe=":", quote_via=quote)
    return urlunsplit((SOCKET_SCHEMES[parts.scheme], parts.netloc, f"{parts.path}{path}", text, ""))


def is_server(uri: str) -> bool:
    """Whether `uri` names a server, valid or not, rather than a store that MLflow opens itself."""
    return uri.strip().partition(":")[0].lower() in SOCKET_SCHEMES


def host_of(uri: str) -> str | None:
    """The host of the server at `uri`; None if it is not the address of a server."""
    parts = _split(uri.strip())
    return None if parts is None else parts.hostname


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an IP address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_server(uri: str) -> ServerAddress:
    """The server at `uri`, in which blanks around it and capitals of scheme and host do not count.

    Raises AddressError if `uri` is not the address of a server.
    """
    parts = _split(uri.strip())
    if parts is None:
        raise AddressError(_refusal(uri, f"expected one like {EXAMPLE_URL}"))
    if parts.query or parts.fragment or "?" in uri or "#" in uri:
        raise AddressError(
            _refusal(uri, f"expected one that ends before any ? or #, like {EXAMPLE_URL}")
        )
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(":")
    return ServerAddress(
        url=urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")),
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def without_credentials(text: str) -> str:
    """`text` without the user names and passwords of the URLs in it."""
    return _CREDENTIALS.sub("://", text)


def shown_uri(uri: str) -> str:
    """`uri` as a message may show it, even if it is malformed."""
    before, at, after = uri.rpartition("@")
    scheme = before.partition("://")[0] + "://" if "://" in before else ""
    shown = f"{scheme}{after}" if at else uri
    return _UNPRINTABLE.sub(lambda found: quote(found[0]), shown.partition("?")[0].strip())[:200]


def _split(text: str) -> SplitResult | None:
    """The parts of `text`; None if it is not a URL of a server."""
    # urlsplit would drop line breaks and tabs without a word.
    if _UNPRINTABLE.search(text) or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        is_valid = parts.scheme in SOCKET_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if is_valid else None


def _refusal(uri: str, expected: str) -> str:
    shown = shown_uri(uri)
    return f"{shown!r} is not an address of a server: {expected}"
