"""The Python client: `FoveaClient`, `AsyncFoveaClient`, and what they raise."""

from api.client.clients import AsyncFoveaClient, FoveaClient
from api.client.live import Link
from api.client.refusals import NotFoveaError, RequestRefusedError, ServerUnreachableError

__all__ = [
    "AsyncFoveaClient",
    "FoveaClient",
    "Link",
    "NotFoveaError",
    "RequestRefusedError",
    "ServerUnreachableError",
]
