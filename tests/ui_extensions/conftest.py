"""A real browser on real pages; an error in a page's console fails its test."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser import ARGUMENTS, require_browser

DEADLINE_MS = 30_000
expect.set_options(timeout=DEADLINE_MS)


# Playwright runs an event loop in this thread while it is open, so it is closed after each module:
# other tests start event loops of their own.
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
    """Errors in the consoles of the pages; a test that expects some removes them."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """An empty page in English on a desktop; errors in its console fail the test.

    Request it after the server, so that the page is closed first.
    """
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    listen(page, complaints)
    yield page
    context.close()
    assert complaints == []


# A run that this server did not start has no log. MLflow's own page asks for the current user even
# without authentication, and for the models in the order that its list of runs had.
_EXPECTED = re.compile(
    r"/api/training/[0-9a-f]{32}/logs|/mlflow/users/current|/mlflow/registered-models/search"
)


def listen(page: Page, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        if message.type == "error" and not _EXPECTED.search(url):
            complaints.append(f"{message.text} ({url})")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def forgive(complaints: list[str], pattern: str) -> None:
    """Remove the errors that match: browsers log every error response, expected ones as well."""
    complaints[:] = [each for each in complaints if not re.search(pattern, each)]
