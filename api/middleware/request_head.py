"""Bounds the path, the query and the headers of a request, before anything else looks at them."""

from starlette.types import Scope

from api.errors import ApiError, HeadersTooLargeError, UriTooLongError

MAX_PATH_BYTES = 16 * 1024
"""A path of 4,096 bytes, the longest of a file system, all of it percent-encoded, is shorter."""

MAX_QUERY_BYTES = 64 * 1024
MAX_HEADERS_BYTES = 64 * 1024
MAX_HEADERS = 256
MAX_SEGMENTS = 512
"""Parts of the path between slashes."""


def refuse_head(scope: Scope) -> ApiError | None:
    """The error if the head of the request is longer than any that a client has reason to send."""
    return _refuse_uri(scope) or _refuse_headers(scope)


def _refuse_uri(scope: Scope) -> UriTooLongError | None:
    path_bytes = len(scope.get("raw_path") or scope["path"])
    query_bytes = len(scope.get("query_string", b""))
    if path_bytes > MAX_PATH_BYTES:
        return UriTooLongError(_too_long("path", path_bytes, MAX_PATH_BYTES))
    if query_bytes > MAX_QUERY_BYTES:
        return UriTooLongError(_too_long("query", query_bytes, MAX_QUERY_BYTES))
    if (num_segments := scope["path"].count("/")) > MAX_SEGMENTS:
        return UriTooLongError(
            f"A path of at most {MAX_SEGMENTS} parts was expected and one of {num_segments} came"
        )
    return None


def _refuse_headers(scope: Scope) -> HeadersTooLargeError | None:
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS:
        return HeadersTooLargeError(
            f"At most {MAX_HEADERS} headers were expected and {len(headers)} came"
        )
    headers_bytes = sum(len(name) + len(value) for name, value in headers)
    if headers_bytes > MAX_HEADERS_BYTES:
        return HeadersTooLargeError(_too_long("headers", headers_bytes, MAX_HEADERS_BYTES))
    return None


def _too_long(part: str, size_bytes: int, max_bytes: int) -> str:
    return f"At most {max_bytes} bytes were expected as the {part} and {size_bytes} came"
