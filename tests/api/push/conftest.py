"""The event loop that tests of coroutines run in."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
