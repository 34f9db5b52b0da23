"""Inserts the panel's script into MLflow's page; all other responses pass unchanged."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_PAGE_BYTES = 1024 * 1024
"""A larger page passes unchanged and is not buffered; MLflow's page has 1 KiB."""

_SCRIPT = "monitor/panel.js"
_HEAD_END = re.compile(rb"</head\s*>", re.IGNORECASE)
_HTML = re.compile(r"text/html(;|$)", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')
# Request headers about a cached page or a part of one. They refer to MLflow's own page: with them a
# browser that has cached it would never get the changed one.
_CONDITIONS = {
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"range",
}
# Response headers of an encoded body, or of a checksum of it.
_BOUND_TO_BODY = ("content-encoding", "content-md5", "content-digest", "digest", "repr-digest")
# Response headers that describe the file, which the changed page no longer is.
_OF_THE_FILE = ("accept-ranges", "last-modified")


def with_panel_script(app: ASGIApp, page_path: str = "/") -> ASGIApp:
    """Wrap MLflow's `app`, so that its page at `page_path` gets the panel.

    `page_path` is `/`, or MLflow's static prefix followed by a slash. The script's URL is relative to
    it: Fovea's paths are behind the same prefix, and a proxy may put the server under another one.
    """
    return _PanelScript(app, page_path)


class _PanelScript:
    def __init__(self, app: ASGIApp, page_path: str) -> None:
        self._app = app
        self._page_path = page_path
        self._tag = f'<script defer src="{_SCRIPT}"></script>'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_page(scope):
            await self._app(scope, receive, send)
            return
        cached_etags = ",".join(Headers(scope=scope).getlist("if-none-match"))
        page = _Page(send, self._tag, cached_etags, is_head=scope["method"] == "HEAD")
        await self._app(_unconditional(scope), receive, page.send)
        await page.release()

    def _is_page(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return False
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) == self._page_path


def _unconditional(scope: Scope) -> Scope:
    """The same request for the whole page, whose length and ETag are computed from its body."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
    return {**scope, "method": "GET", "headers": headers}


class _Page:
    """One response: buffered until it is known to be the page, then changed or sent unchanged."""

    def __init__(self, send: Send, tag: bytes, cached_etags: str, *, is_head: bool) -> None:
        """`cached_etags` is the value of the request's If-None-Match."""
        self._send = send
        self._tag = tag
        self._cached_etags = cached_etags
        self._is_head = is_head
        self._buffered: list[Message] = []
        self._size_bytes = 0
        self._is_passing = False

    async def send(self, message: Message) -> None:
        if self._is_passing:
            await self._pass(message)
            return
        self._buffered.append(message)
        self._size_bytes += len(message.get("body", b""))
        if not self._may_be_page() or self._size_bytes > LARGEST_PAGE_BYTES:
            await self.release()
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._send_page()

    async def release(self) -> None:
        """Send the buffered messages unchanged, and all later ones as they come."""
        self._is_passing = True
        buffered, self._buffered = self._buffered, []
        for message in buffered:
            await self._pass(message)

    async def _pass(self, message: Message) -> None:
        if self._is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def _may_be_page(self) -> bool:
        start = self._buffered[0]
        newest = "http.response.start" if len(self._buffered) == 1 else "http.response.body"
        if self._buffered[-1]["type"] != newest or start["status"] != 200 or start.get("trailers"):
            return False
        headers = Headers(raw=list(start.get("headers", ())))
        is_html = _HTML.match(headers.get("content-type", "")) is not None
        return is_html and not any(name in headers for name in _BOUND_TO_BODY)

    async def _send_page(self) -> None:
        body = b"".join(message.get("body", b"") for message in self._buffered)
        end = _HEAD_END.search(body)
        if end is None:
            await self.release()
            return
        start, self._buffered = self._buffered[0], []
        self._is_passing = True
        page = body[: end.start()] + self._tag + body[end.start() :]
        etag = f'"{hashlib.sha256(page).hexdigest()[:32]}"'
        is_known = self._cached_etags.strip() == "*" or etag in _ETAG.findall(self._cached_etags)
        await self._send(_not_modified(start, etag) if is_known else _begun(start, etag, len(page)))
        is_empty = is_known or self._is_head
        await self._send({"type": "http.response.body", "body": b"" if is_empty else page})


def _begun(start: Mapping[str, Any], etag: str, size_bytes: int) -> Message:
    headers = _headers(start, etag)
    headers["content-length"] = str(size_bytes)
    return {**start, "headers": headers.raw}


def _not_modified(start: Mapping[str, Any], etag: str) -> Message:
    headers = _headers(start, etag)
    for name in ("content-length", "content-type"):
        del headers[name]
    return {**start, "status": 304, "headers": headers.raw}


def _headers(start: Mapping[str, Any], etag: str) -> MutableHeaders:
    headers = MutableHeaders(raw=list(start.get("headers", ())))
    for name in _OF_THE_FILE:
        del headers[name]
    headers["etag"] = etag
    return headers
