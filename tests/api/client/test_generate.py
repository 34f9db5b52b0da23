"""The blocking client is the asynchronous one without asyncio, and never out of date."""

from pathlib import Path

import pytest

from api.client import generate
from api.client.generate import TARGETS, blocking_source, main, outdated_files, write_files

ASYNCHRONOUS = '''\
"""AsyncFoveaClient is left through contextlib.aclosing."""

from api.client.async_http import AsyncHttp


class AsyncFoveaClient:
    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def health(self) -> Health:
        """Await nothing in an async docstring."""
        async with self._http as http:
            return [await http.get() async for _ in http]
'''

BLOCKING = '''\
# Generated from async_client.py by `python -m api.client.generate`: change that file instead.
"""FoveaClient is left through contextlib.closing."""

from api.client.blocking_http import BlockingHttp


class FoveaClient:
    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> Health:
        """Await nothing in an async docstring."""
        with self._http as http:
            return [http.get() for _ in http]
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the asynchronous files alone."""
    for name in TARGETS:
        (tmp_path / name).write_text((generate.FOLDER / name).read_text())
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    return tmp_path


def test_the_committed_blocking_client_is_current() -> None:
    assert outdated_files() == []


def test_only_what_waits_and_what_is_named_after_it_differs() -> None:
    assert blocking_source(ASYNCHRONOUS, "async_client.py") == BLOCKING


def test_a_change_of_the_asynchronous_client_makes_the_blocking_one_outdated(folder: Path) -> None:
    write_files()
    assert outdated_files() == []

    source = folder / "async_http.py"
    source.write_text(source.read_text().replace("server_wait_s", "extra_wait_s"))

    assert outdated_files() == ["blocking_http.py"]


def test_the_check_fails_with_the_command_that_mends_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["generate", "--check"])

    with pytest.raises(SystemExit, match=r"run `python -m api\.client\.generate`"):
        main()

    monkeypatch.setattr("sys.argv", ["generate"])
    main()
    assert outdated_files() == []
