"""Limits uploads of files: their size, which may exceed that of other requests, and their number at one time."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import FileTooLargeError, UnavailableError, refusal
from api.middleware.body_limit import BodyLimitMiddleware
from api.middleware.paths import is_file_upload, is_upload

MAX_ACTIVE_UPLOADS = 64
"""In one process. Each may take the largest size on the disk until it is answered."""

IDLE_S = 60.0
"""A client that sends nothing for so long during its upload counts as gone."""

RETRY_AFTER_S = 2.0
_ADVICE = "send fewer images at once, or raise FOVEA_MAX_UPLOAD_BYTES on the server"
_FILE_ADVICE = "send a smaller file, such as Parquet, or raise FOVEA_MAX_UPLOAD_BYTES on the server"


class UploadMiddleware:
    """Requests to paths of uploads may have `max_bytes`; all others pass on to `others`."""

    def __init__(
        self,
        app: ASGIApp,
        others: ASGIApp,
        max_bytes: int,
        max_active: int = MAX_ACTIVE_UPLOADS,
        idle_s: float = IDLE_S,
    ) -> None:
        self._images = BodyLimitMiddleware(app, max_bytes, _ADVICE)
        self._files = BodyLimitMiddleware(app, max_bytes, _FILE_ADVICE, FileTooLargeError)
        self._others = others
        self._max_active = max_active
        self._idle_s = idle_s
        self._num_active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _upload_path(scope)
        if path is None:
            await self._others(scope, receive, send)
        elif self._num_active >= self._max_active:
            await self._refuse(scope, receive, send)
        else:
            self._num_active += 1
            try:
                uploads = self._files if is_file_upload(path) else self._images
                await uploads(scope, _impatient(receive, self._idle_s), send)
            finally:
                self._num_active -= 1

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = UnavailableError(
            f"{self._max_active} uploads are being received already: try again later",
            retry_after_s=RETRY_AFTER_S,
        )
        response = refusal(scope, error)
        # Otherwise the files would have to be read before the next request.
        response.headers["Connection"] = "close"
        await response(scope, receive, send)


def _impatient(receive: Receive, idle_s: float) -> Receive:
    """`receive`, which reports the client as gone if the next part of the body does not come in time."""
    is_complete = False

    async def receive_in_time() -> Message:
        nonlocal is_complete
        try:
            async with asyncio.timeout(None if is_complete else idle_s):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        is_complete = not message.get("more_body", False)
        return message

    return receive_in_time


def _upload_path(scope: Scope) -> str | None:
    """The path of a request that uploads, below the server's root; None for others."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path if is_upload(path) else None
