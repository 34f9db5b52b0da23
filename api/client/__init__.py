"""The Python client: `FoveaClient`, `AsyncFoveaClient`, and what they raise."""

from api.client.async_client import AsyncFoveaClient
from api.client.blocking_client import FoveaClient
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
