"""What all clients of the service share: where it is, one channel for each event loop, and its errors."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc.aio

from serving.client.channel import ServiceAddress, open_channel
from serving.client.errors import service_error

AnyPath = str | os.PathLike[str]


class ConnectedClient:
    """Connects with its first call, so that it can be made before an event loop runs.

    Used from another event loop it connects anew.
    """

    def __init__(
        self,
        host: str = "localhost",
        port: int = 50051,
        *,
        token: str = "",
        certificate: AnyPath | None = None,
        timeout_s: float | None = 300.0,
    ) -> None:
        """`certificate` is a PEM file to trust, and makes the client use TLS.

        `timeout_s` is the deadline of a request; None for that of the service.
        """
        self._address = ServiceAddress(
            host=host,
            port=port,
            token=token,
            certificate=None if certificate is None else Path(certificate),
        )
        self._timeout_s = timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channel: grpc.aio.Channel | None = None

    async def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None and self._loop is asyncio.get_running_loop():
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _open_channel(self) -> grpc.aio.Channel:
        loop = asyncio.get_running_loop()
        if self._channel is None or self._loop is not loop:
            self._channel, self._loop = open_channel(self._address), loop
        return self._channel

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise service_error(error, self._address.target) from None
