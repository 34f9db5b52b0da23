"""Fixtures for the tests of the diagnosis service."""

import os

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def environment_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests do not reach the service."""
    for name in [name for name in os.environ if name.startswith("FOVEA_SERVING_")]:
        monkeypatch.delenv(name)
