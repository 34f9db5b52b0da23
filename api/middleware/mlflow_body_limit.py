"""Limits the size of bodies that MLflow reads into memory; files for the artifact store have no limit."""

from mlflow.server.handlers import _add_static_prefix
from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.body_limit import BodyLimitMiddleware
from tracking_plugin.accepted_writes import tapped_endpoint
from tracking_plugin.wiretap import MAX_BODY_BYTES

MAX_RUN_WRITE_BYTES = MAX_BODY_BYTES
"""MLflow itself accepts 1 MB in a batch of metrics, parameters and tags, and refuses more by a sentence."""

MAX_OTHER_BYTES = 64 * 1024 * 1024
"""The largest documents are data set profiles of 16 MB, traces, and pictures in a prompt."""

_ADVICE = "send less at once, or send it as an artifact"
_FILES = tuple(f"/{api}/2.0/mlflow-artifacts/artifacts/" for api in ("api", "ajax-api"))


class MlflowBodyLimitMiddleware:
    """Answers 413 to a body that is larger than any that MLflow accepts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limited = {
            max_bytes: BodyLimitMiddleware(app, max_bytes, _ADVICE)
            for max_bytes in (MAX_RUN_WRITE_BYTES, MAX_OTHER_BYTES)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_http = scope["type"] == "http"
        max_bytes = max_body_bytes(scope["method"], scope["path"]) if is_http else None
        app = self._app if max_bytes is None else self._limited[max_bytes]
        await app(scope, receive, send)


def max_body_bytes(method: str, path: str) -> int | None:
    """The largest body that a request may have; None for the upload of a file."""
    if method == "PUT" and path.startswith((*_FILES, *map(_add_static_prefix, _FILES))):
        return None
    endpoint = tapped_endpoint(method, path)
    is_run_write = endpoint is not None and not endpoint.is_artifact
    return MAX_RUN_WRITE_BYTES if is_run_write else MAX_OTHER_BYTES
