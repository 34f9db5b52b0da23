"""A question to a server through either client."""

import asyncio
from collections.abc import Callable
from typing import Any

from api.client import AsyncFoveaClient, FoveaClient

Ask = Callable[..., Any]

TIMEOUT_S = 10


def ask_blocking(url: str, question: str, *arguments: object, **named: object) -> Any:
    with FoveaClient(url, timeout_s=TIMEOUT_S) as client:
        return getattr(client, question)(*arguments, **named)


def ask_async(url: str, question: str, *arguments: object, **named: object) -> Any:
    async def ask() -> Any:
        async with AsyncFoveaClient(url, timeout_s=TIMEOUT_S) as client:
            return await getattr(client, question)(*arguments, **named)

    return asyncio.run(ask())
