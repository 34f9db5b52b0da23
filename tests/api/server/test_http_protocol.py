"""Uvicorn's parser gets a bounded head: a longer one would stop the server for many seconds."""

import time
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from api.server.http_protocol import MAX_HEAD_BYTES, BoundedHttpProtocol

PIECE = b"a" * 65_536
HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name in ("sockname", "peername") else None

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


async def ignore(scope: Any, receive: Any, send: Any) -> None:
    pass


def connected(transport: Transport) -> BoundedHttpProtocol:
    config = Config(ignore, lifespan="off", log_config=None)
    config.load()
    protocol = BoundedHttpProtocol(config, ServerState(), {})
    protocol.connection_made(transport)  # type: ignore[arg-type]
    return protocol


@pytest.mark.anyio
@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"GET /", id="path"),
        pytest.param(HEAD + b"b: ", id="header"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nb: ", id="trailer"),
    ],
)
async def test_an_endless_head_closes_the_connection(start: bytes) -> None:
    transport = Transport()
    protocol = connected(transport)
    protocol.data_received(start)
    start_s = time.process_time()
    num_pieces = 0
    while not transport.closing:
        protocol.data_received(PIECE)
        num_pieces += 1
        assert num_pieces <= MAX_HEAD_BYTES // len(PIECE) + 1

    assert time.process_time() - start_s < 0.5
    assert b" 431 " in transport.written


@pytest.mark.anyio
async def test_a_large_body_is_no_head() -> None:
    transport = Transport()
    protocol = connected(transport)
    protocol.data_received(HEAD + b"content-length: 4000000\r\n\r\n")
    for _ in range(60):
        protocol.data_received(PIECE)

    assert not transport.closing
