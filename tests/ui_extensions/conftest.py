"""A real browser on real pages; what a page complains of fails its test."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser import ARGUMENTS, require_browser

DEADLINE_MS = 30_000
expect.set_options(timeout=DEADLINE_MS)


# While Playwright is open, an event loop runs in this thread, and tests elsewhere start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(require_browser()), args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What pages wrote to their consoles as errors; a test that expects some takes them out."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """An empty page in English on a desktop, which must not complain.

    Ask for it after the server, which would otherwise be gone before the page is.
    """
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    listen(page, complaints)
    yield page
    context.close()
    assert complaints == []


# Of a run that this server did not start there is no output to read; and MLflow's own page asks who
# is logged in where nobody can be.
_EXPECTED = re.compile(r"/api/training/[0-9a-f]{32}/logs|/mlflow/users/current")


def listen(page: Page, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        if message.type == "error" and not _EXPECTED.search(url):
            complaints.append(f"{message.text} ({url})")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def forgive(complaints: list[str], pattern: str) -> None:
    """Browsers complain of every answer that is an error, also of one that a test is about."""
    complaints[:] = [each for each in complaints if not re.search(pattern, each)]
