"""A running hub between a scripted bus and a scripted store."""

from collections.abc import AsyncIterator

import pytest

from tests.api.live.scripted_stream import HubUnderTest


@pytest.fixture
async def live() -> AsyncIterator[HubUnderTest]:
    live = HubUnderTest()
    async with live.hub.running():
        yield live
