"""Reads the live stream over WebSockets, blocking and with asyncio.

Both loops are written out, because a blocking connection takes the timeout of a read as an argument
and an asyncio connection does not: a generated loop would fit only one of them.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import TypedDict

from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import ClientConnection as BlockingConnection
from websockets.sync.client import connect as connect_blocking

from api.client.live import LiveStream
from api.client.reconnection import LOSSES
from api.live.messages import ServerMessage
from tracking_plugin.server_connection import websocket_logger

_PING_S = 30.0
_CLOSE_TIMEOUT_S = 2.0
# The initial state of a run with many metrics fits in; all other messages are far smaller.
_LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024


Messages = Generator[ServerMessage, None, None]
AsyncMessages = AsyncGenerator[ServerMessage, None]


class _Options(TypedDict):
    additional_headers: Mapping[str, str]
    open_timeout: float
    ping_interval: float
    ping_timeout: float
    close_timeout: float
    max_size: int
    compression: None
    ssl: ssl.SSLContext | None
    proxy: str | None
    logger: logging.Logger


def follow(stream: LiveStream) -> Messages:
    """Each message once and in order, over as many connections as that needs."""
    while True:
        try:
            with connect_blocking(stream.url, **_options(stream)) as connection:
                while True:
                    if (message := _next(connection, stream)) is not None:
                        yield message
        except LOSSES as error:
            time.sleep(stream.on_loss(error))


async def follow_async(stream: LiveStream) -> AsyncMessages:
    """As `follow`; a caller that leaves it before its end has to call aclose()."""
    while True:
        try:
            async with connect(stream.url, **_options(stream)) as connection:
                while True:
                    if (message := await _next_async(connection, stream)) is not None:
                        yield message
        except LOSSES as error:
            await asyncio.sleep(stream.on_loss(error))


def _options(stream: LiveStream) -> _Options:
    return {
        "additional_headers": stream.address.headers,
        "open_timeout": stream.open_timeout_s,
        "ping_interval": _PING_S,
        "ping_timeout": _PING_S,
        "close_timeout": _CLOSE_TIMEOUT_S,
        "max_size": _LARGEST_MESSAGE_BYTES,
        "compression": None,
        "ssl": stream.address.tls,
        "proxy": stream.address.proxy,
        "logger": websocket_logger,
    }


def _next(connection: BlockingConnection, stream: LiveStream) -> ServerMessage | None:
    try:
        frame = connection.recv(timeout=stream.receive_timeout_s)
    except TimeoutError:
        connection.send(stream.on_receive_timeout())
        return None
    return stream.on_frame(frame)


async def _next_async(connection: ClientConnection, stream: LiveStream) -> ServerMessage | None:
    try:
        async with asyncio.timeout(stream.receive_timeout_s):
            frame = await connection.recv()
    except TimeoutError:
        await connection.send(stream.on_receive_timeout())
        return None
    return stream.on_frame(frame)
