"""The connection under an ASGI `send`, for what ASGI has no word for."""

from typing import Any


def abort(send: Any) -> None:
    """Drop the connection at once, with what still waits to be read.

    A close by way of ASGI waits for the reader, and one that reads nothing would keep its buffers
    for ever. Uvicorn's `send` is a method of the protocol that holds the transport; with another
    server this does nothing.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
