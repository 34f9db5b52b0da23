"""The Python client: `FoveaClient`, `AsyncFoveaClient`, and the errors that they raise.

AsyncFoveaClient is written by hand (async_client.py, async_http.py); FoveaClient is generated from
it (blocking_client.py, blocking_http.py) by `python -m api.client.generate`.
"""

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
