"""Fetching tables from an archive that answers, is slow to end, or answers with errors."""

import asyncio
from pathlib import Path

import httpx
import pytest

from api.custom_training.archive import NasaArchive
from api.custom_training.archived_tables import archived_tables
from api.errors import ApiError, TooLargeError, UnavailableError

K2 = archived_tables()["k2"]
CSV = b"pl_name,hostname,disposition\nK2-1 b,K2-1,CONFIRMED\n"


def archive(folder: Path, answer: httpx.Response, asked: list[str]) -> NasaArchive:
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer

    transport = httpx.MockTransport(handle)
    return NasaArchive(folder / "fetched", None, max_bytes=100, transport=transport)


def test_a_table_is_fetched_once(tmp_path: Path) -> None:
    asked: list[str] = []
    nasa = archive(tmp_path, httpx.Response(200, content=CSV), asked)

    async def twice() -> list[Path]:
        return [await nasa.file(K2), await nasa.file(K2)]

    first, second = asyncio.run(twice())
    assert first == second == tmp_path / "fetched" / "k2pandc.csv"
    assert first.read_bytes() == CSV
    assert asked == [K2.url]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500), UnavailableError),
        (httpx.Response(200, content=b"<VOTABLE>ERROR</VOTABLE>"), UnavailableError),
        (httpx.Response(200, content=CSV + b"x" * 100), TooLargeError),
    ],
)
def test_another_answer_is_refused_and_not_kept(
    tmp_path: Path, answer: httpx.Response, error: type[ApiError]
) -> None:
    with pytest.raises(error):
        asyncio.run(archive(tmp_path, answer, []).file(K2))

    assert list((tmp_path / "fetched").iterdir()) == []
