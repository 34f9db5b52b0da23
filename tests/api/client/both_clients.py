"""Calls of one method through the blocking or the asynchronous client."""

import asyncio
from collections.abc import Callable
from typing import Any

from api.client import AsyncFoveaClient, FoveaClient

Call = Callable[..., Any]

TIMEOUT_S = 10


def call_blocking(url: str, method: str, *arguments: object, **named: object) -> Any:
    with FoveaClient(url, timeout_s=TIMEOUT_S) as client:
        return getattr(client, method)(*arguments, **named)


def call_async(url: str, method: str, *arguments: object, **named: object) -> Any:
    async def call() -> Any:
        async with AsyncFoveaClient(url, timeout_s=TIMEOUT_S) as client:
            return await getattr(client, method)(*arguments, **named)

    return asyncio.run(call())
