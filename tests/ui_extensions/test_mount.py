"""The files at /monitor/ and their caching and security headers."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from ui_extensions.mount import monitor


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name, text in {
        "dashboard/index.html": "<title>Fovea</title>",
        "dashboard/assets/index-1a2b.js": "run()",
        "dashboard/fovea.svg": "<svg/>",
        "panel/panel.js": "panel()",
        "secret.txt": "not to be served",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def client(built: Path) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/monitor", monitor(built))]))


def test_the_page_is_revalidated_and_hashed_files_are_cached(built: Path) -> None:
    browser = client(built)

    page = browser.get("/monitor/")
    assert (page.status_code, page.text) == (200, "<title>Fovea</title>")
    assert page.headers["cache-control"] == "no-cache"
    script = browser.get("/monitor/assets/index-1a2b.js")
    assert script.text == "run()"
    assert "immutable" in script.headers["cache-control"]
    assert browser.get("/monitor/panel.js").headers["cache-control"] == "no-cache"
    assert browser.get("/monitor/fovea.svg").headers["content-type"].startswith("image/svg")


def test_an_unchanged_page_is_not_sent_again(built: Path) -> None:
    browser = client(built)
    tag = browser.get("/monitor/fovea.svg").headers["etag"]

    again = browser.get("/monitor/fovea.svg", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


def test_only_the_servers_own_scripts_may_run(built: Path) -> None:
    policy = client(built).get("/monitor/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_the_short_address_of_the_galaxy_leads_to_its_page(built: Path) -> None:
    answer = client(built).get("/monitor/galaxy?workspace=w", follow_redirects=False)

    assert answer.is_redirect
    assert answer.headers["location"] == "./?workspace=w#/galaxy"


def test_a_missing_file_is_not_found_and_not_cached(built: Path) -> None:
    missing = client(built).get("/monitor/assets/gone-0000.js")

    assert missing.status_code == 404
    assert missing.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../secret.txt", "%2e%2e/secret.txt", "assets/../../secret.txt"])
def test_no_file_outside_the_built_pages_is_served(built: Path, path: str) -> None:
    assert client(built).get(f"/monitor/{path}").status_code == 404


def test_without_built_pages_the_response_says_how_to_build_them(tmp_path: Path) -> None:
    for path in ("/monitor/", "/monitor/panel.js"):
        answer = client(tmp_path).get(path)
        assert answer.status_code == 503
        assert "make setup" in answer.text
