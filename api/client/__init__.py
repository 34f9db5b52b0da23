"""The Python client: `FoveaClient`, `AsyncFoveaClient`, and what they raise."""

from api.client.asynchronous import AsyncFoveaClient
from api.client.blocking import FoveaClient
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
