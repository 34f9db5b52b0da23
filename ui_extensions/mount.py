"""Serves the built dashboard and panel as an ASGI application, which is mounted at `/monitor`."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUILT = Path(__file__).parent / "built"
"""The folder that `make setup` builds."""

_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
# Scripts come only from this server, and requests go only to it. Charts and React set styles by script.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def monitor(built: Path = BUILT) -> ASGIApp:
    """The application at `/monitor/`: the dashboard's page, its files, and the panel's script."""
    page, panel = built / "dashboard" / "index.html", built / "panel" / "panel.js"

    async def get_page(_: Request) -> Response:
        return _file(page)

    async def get_galaxy(request: Request) -> Response:
        # Relative, so that it works behind any path prefix.
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"./{query}#/galaxy")

    async def get_panel(_: Request) -> Response:
        return _file(panel)

    files = StaticFiles(directory=page.parent, check_dir=False)
    return _Headers(
        Starlette(
            routes=[
                Route("/", get_page),
                Route("/galaxy", get_galaxy),
                Route("/panel.js", get_panel),
                Mount("/", files),
            ]
        )
    )


def _file(path: Path) -> Response:
    if not path.is_file():
        sentence = "The pages have not been built: run `make setup`.\n"
        return PlainTextResponse(sentence, 503)
    return FileResponse(path)


class _Headers:
    """Lets browsers cache files with a hash in their names; all others are revalidated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_hashed = "/assets/" in scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_found = message["status"] in (200, 206, 304)
                headers["Cache-Control"] = _FOREVER if is_hashed and is_found else _REVALIDATE
                headers["Content-Security-Policy"] = _POLICY
            await send(message)

        await self._app(scope, receive, send_with_headers)
