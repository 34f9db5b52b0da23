"""A Ray head that outlives servers, as a cluster does."""

from collections.abc import Iterator

import pytest

from tracking_plugin.ray_head import LocalHead


@pytest.fixture(scope="module")
def head() -> Iterator[LocalHead]:
    head = LocalHead()
    yield head
    head.close()
