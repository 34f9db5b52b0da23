"""Sends requests to the server and reads the answers, for AsyncFoveaClient."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import httpx

from api.client.answer import read_answer, read_page, read_report
from api.client.refusals import unreachable
from api.client.report_page import ReportPage
from api.client.request import QueryValue, drop_none
from api.client.transport import http_options
from api.pages import Listed
from tracking_plugin.server_connection import ServerConnection

T = TypeVar("T")


class AsyncHttp:
    """Requests to one server; each raises an ApiError instead of returning a refusal."""

    def __init__(self, address: ServerConnection, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(**http_options(address))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, answer: type[T], **query: QueryValue) -> T:
        return read_answer(await self._send("GET", path, query=query), answer)

    async def get_page(self, path: str, page: type[list[T]], /, **query: QueryValue) -> Listed[T]:
        return read_page(await self._send("GET", path, query=query), page)

    async def post(
        self,
        path: str,
        answer: type[T],
        body: Mapping[str, Any] | None = None,
        *,
        server_wait_s: float = 0.0,
        **query: QueryValue,
    ) -> T:
        """`server_wait_s` is how long the server may wait on purpose before it answers."""
        timeout_s = self._timeout_s + server_wait_s
        response = await self._send("POST", path, query=query, body=body, timeout_s=timeout_s)
        return read_answer(response, answer)

    async def patch(self, path: str, answer: type[T], body: Mapping[str, Any]) -> T:
        return read_answer(await self._send("PATCH", path, query={}, body=body), answer)

    async def delete(self, path: str, answer: type[T]) -> T:
        return read_answer(await self._send("DELETE", path, query={}), answer)

    async def post_report(
        self, path: str, body: Mapping[str, Any], *, timeout_s: float
    ) -> ReportPage:
        response = await self._send("POST", path, query={}, body=body, timeout_s=timeout_s)
        return read_report(response)

    async def post_files(
        self,
        path: str,
        answer: type[T],
        files: Sequence[Path],
        form: Mapping[str, Any],
        *,
        timeout_s: float,
    ) -> T:
        """Send `files` as a form. Raises OSError if one of them cannot be read."""
        with ExitStack() as opened:
            parts = [
                ("files", (file.name, opened.enter_context(file.open("rb")))) for file in files
            ]
            response = await self._send(
                "POST", path, query={}, form=form, files=parts, timeout_s=timeout_s
            )
        return read_answer(response, answer)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue],
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, tuple[str, BinaryIO]]] | None = None,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        try:
            return await self._http.request(
                method,
                path,
                params=drop_none(**query),
                json=body,
                data=form,
                files=files,
                timeout=self._timeout_s if timeout_s is None else timeout_s,
            )
        except httpx.RequestError as error:
            raise unreachable(self._address, error) from error
