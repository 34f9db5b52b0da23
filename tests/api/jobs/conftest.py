"""A Ray head that outlives servers, as a cluster does."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tracking_plugin.ray_head import LocalHead


@pytest.fixture(scope="module")
def head() -> Iterator[LocalHead]:
    with closing(LocalHead()) as head:
        yield head
