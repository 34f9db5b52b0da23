"""Origins are parsed, written and compared as browsers do."""

import pytest

from api.middleware.allowed_origins import Origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:5000", Origin("http", "localhost", 5000)),
        ("http://LocalHost", Origin("http", "localhost", 80)),
        ("HTTPS://ui.example", Origin("https", "ui.example", 443)),
        ("https://ui.example:80", Origin("https", "ui.example", 80)),
        ("http://[::1]:5000", Origin("http", "[::1]", 5000)),
        ("vscode-webview://panel", Origin("vscode-webview", "panel", None)),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, origin: Origin) -> None:
    assert Origin.parse(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "*",
        "ui.example",
        "//ui.example",
        "http://",
        "http://ui.example/",
        "http://ui.example:port",
        "http://ui.example:",
        "http://ui.example:123456",
        "http://name@ui.example",
        "http://ui.example, http://b.example",
        "http://ui.example\n",
        "http://ui.example:²",
    ],
)
def test_text_that_is_not_exactly_an_origin_is_none(text: str) -> None:
    assert Origin.parse(text) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("http://localhost:80", "http://localhost"),
        ("https://UI.example:443", "https://ui.example"),
        ("https://ui.example:80", "https://ui.example:80"),
        ("vscode-webview://panel", "vscode-webview://panel"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text: str, written: str) -> None:
    assert str(Origin.parse(text)) == written
