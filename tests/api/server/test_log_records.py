"""A log line stays one line, whatever text of a request it repeats."""

import io
import logging
from collections.abc import Iterator

import pytest
from uvicorn.logging import AccessFormatter

from api.server.log_records import install_one_line_records

FORGED = "x\r\n2026/01/01 00:00:00 INFO: 127.0.0.1 approved\x1b[2J\u202egnp\u2028\x85"
ESCAPED = r"x\r\n2026/01/01 00:00:00 INFO: 127.0.0.1 approved\x1b[2J\u202egnp\u2028\x85"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    factory = logging.getLogRecordFactory()
    install_one_line_records()
    logger = logging.getLogger("tests.one_line")
    logger.propagate = False
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


LOGGER = logging.getLogger("tests.one_line")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (f"refused {FORGED}", ()),
        ("refused %s", (FORGED,)),
        ("refused %s", (ValueError(FORGED),)),
        ("refused %(host)s", ({"host": FORGED},)),
    ],
)
def test_text_of_a_request_cannot_begin_a_line(
    lines: io.StringIO, message: str, arguments: tuple[object, ...]
) -> None:
    LOGGER.warning(message, *arguments)

    assert lines.getvalue() == f"refused {ESCAPED}\n"


def test_a_traceback_cannot_contain_a_line_of_the_log(lines: io.StringIO) -> None:
    try:
        int(FORGED)
    except ValueError:
        LOGGER.exception("failed")

    first, *rest = lines.getvalue().removesuffix("\n").split("\n")
    assert first == "failed"
    assert rest[0] == "  | Traceback (most recent call last):"
    assert all(line.startswith("  | ") for line in rest)
    assert "\u202e" not in lines.getvalue()


def test_the_access_log_is_escaped_too(lines: io.StringIO) -> None:
    [handler] = [
        each
        for each in LOGGER.handlers
        if isinstance(each, logging.StreamHandler) and each.stream is lines
    ]
    handler.setFormatter(AccessFormatter("%(client_addr)s %(request_line)s %(status_code)s"))

    LOGGER.warning('%s - "%s %s HTTP/%s" %d', FORGED, "GET", f"/?{FORGED}", "1.1", 200)

    assert lines.getvalue().startswith(f"{ESCAPED} GET /?{ESCAPED} HTTP/1.1 200")
    assert lines.getvalue().count("\n") == 1


def test_letters_of_any_script_stay(lines: io.StringIO) -> None:
    LOGGER.warning("%s %d %.1f", "Größe 大きさ 🙂", 3, 0.5)

    assert lines.getvalue() == "Größe 大きさ 🙂 3 0.5\n"
