"""Opens the connection to the inference service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from api.errors import StartError
from api.settings import PREFIX, Settings

LARGEST_ANSWER_BYTES = 256 * 1024**2
"""An answer with heat maps of many images has far more than the 4 MiB that gRPC accepts by default."""

_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST_ANSWER_BYTES),
    # A service that has just been started is found within a second; by default it takes up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Images and rows of patients do not take the way of the system's proxy.
    ("grpc.enable_http_proxy", 0),
)


@asynccontextmanager
async def open_channel(settings: Settings) -> AsyncIterator[grpc.aio.Channel]:
    """A channel that connects at its first call, and again whenever the connection was lost."""
    channel = _channel(settings)
    try:
        yield channel
    finally:
        await channel.close(grace=None)


def _channel(settings: Settings) -> grpc.aio.Channel:
    if not (settings.grpc_tls or settings.grpc_ca):
        return grpc.aio.insecure_channel(settings.grpc_address, options=_OPTIONS)
    trusted = None if settings.grpc_ca is None else _read(settings.grpc_ca)
    credentials = grpc.ssl_channel_credentials(root_certificates=trusted)
    return grpc.aio.secure_channel(settings.grpc_address, credentials, options=_OPTIONS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartError(
            f"{PREFIX}GRPC_CA: {path} cannot be read ({error.strerror}): "
            "name a PEM file of certificates"
        ) from None
