"""Calls of the diagnosis routes."""

from typing import Any

import httpx

from tests.servers import Server

PATIENT = "Okonkwo_Adaeze_19520714"
TOKEN = "the service's token"
MAX_UPLOAD_BYTES = 40 * 1024**2


def post(
    server: Server, path: str, *files: tuple[str, bytes], field: str = "file", **form: Any
) -> httpx.Response:
    parts = [(field, (name, content)) for name, content in files]
    return httpx.post(f"{server.url}/api/v1/{path}", files=parts, data=form, timeout=60)
