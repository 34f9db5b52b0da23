"""A Valkey server for each test of the shared bus."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.valkey import Valkey, valkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    with valkey(tmp_path) as running:
        yield running
