"""`make screenshots` takes pictures of the pages into docs/screenshots, all of real work."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import ARGUMENTS, require_browser
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.ui_extensions.pictured_work import (
    EXOPLANETS,
    finished_projects,
    printing_run,
    runs_of_three_frameworks,
)
from tests.ui_extensions.test_diagnose import choose, open_page, part, start_button
from tests.waiting import until

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EPOCHS = 8
SHOWN_AT_EPOCH = 6
DEADLINE_S = 900.0
SETTLE_MS = 4_000
"""Time until the charts are loaded and drawn."""
DIAGNOSED = "drawn/test/Fundus_CNV_Wet_AMD"
"""In the server's folder: the synthetic images of which one is diagnosed."""


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, server_and_service(Path(folder)) as server:
        run_id = train(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(require_browser()), args=list(ARGUMENTS)
            )
            report(pictures(browser, server, run_id))
            wait_for_service(server, run_id)
            report(diagnosis_pictures(browser, server))
            report(work_pictures(browser, server))
            browser.close()
    return 0


def report(paths: Iterator[Path]) -> None:
    for path in paths:
        print(path.relative_to(FOLDER.parents[1]), flush=True)


def server_and_service(folder: Path) -> AbstractContextManager[Server]:
    environment = {
        "FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "FOVEA_SERVING_SPOOL_DIR": str(folder / "spool"),
    }
    return fovea_server(folder / "server", "--with-serving", environment=environment)


def train(server: Server) -> str:
    """Start a training of two ranks on the synthetic set; its id, once it has logged something."""
    asked = {"workers": 2, "params": {"preset": "small", "epochs": EPOCHS}}
    run_id = str(
        httpx.post(f"{server.url}/api/training/start", json=asked, timeout=60).json()["run_id"]
    )

    def has_come_far() -> bool:
        status: dict[str, Any] = httpx.get(f"{server.url}/api/runs/{run_id}", timeout=30).json()
        assert status["status"] not in ("error", "stopped"), status["message"]
        return (status["epoch"] or 0) >= SHOWN_AT_EPOCH

    until(has_come_far, f"epoch {SHOWN_AT_EPOCH}", DEADLINE_S)
    return run_id


def wait_for_service(server: Server, run_id: str) -> None:
    """Until the training has registered its model, and the service has loaded it."""

    def is_done() -> bool:
        status = httpx.get(f"{server.url}/api/runs/{run_id}", timeout=30).json()["status"]
        assert status not in ("error", "stopped"), status
        return bool(status == "completed")

    def is_ready() -> bool:
        health = httpx.get(f"{server.url}/api/v1/ai-grpc/health", timeout=30).json()
        return bool(health["status"] == "healthy")

    until(is_done, "the end of the training", DEADLINE_S)
    until(is_ready, "the diagnosis service", DEADLINE_S)


def pictures(browser: Browser, server: Server, run_id: str) -> Iterator[Path]:
    return of_pages(
        browser,
        server,
        {
            "runs": "monitor/",
            "run": f"monitor/#/runs/{run_id}",
            "evaluation": f"monitor/#/runs/{run_id}?epoch={SHOWN_AT_EPOCH - 1}",
            "alerts": "monitor/#/alerts?state=all",
            "mlflow": f"#/experiments/1/runs/{run_id}?workflowType=machine_learning",
        },
    )


def work_pictures(browser: Browser, server: Server) -> Iterator[Path]:
    """Projects, the galaxy, a comparison of 50 runs, a report, the console of a run."""
    projects = finished_projects(server)
    compared = runs_of_three_frameworks(server)
    printing = printing_run(server)
    shown = projects[EXOPLANETS]
    return of_pages(
        browser,
        server,
        {
            "projects": "monitor/#/projects",
            "project": f"monitor/#/projects/{shown}?part=overview",
            "project-result": f"monitor/#/projects/{shown}?part=result",
            "galaxy": "monitor/#/galaxy",
            "galaxy-star": f"monitor/#/galaxy?project={shown}",
            "table": "monitor/#/table?experiment=0&shape=flat",
            "groups": "monitor/#/table?experiment=0&shape=flat&group=params.learning_rate",
            "compare": f"monitor/#/compare?runs={','.join(compared)}&baseline={compared[0]}",
            "project-report": f"api/v1/projects/{shown}/report",
            "panels": f"monitor/#/runs/{printing}?panels=/gradients0:24",
            "console": f"monitor/#/runs/{printing}",
        },
        before={
            "console": partial(scroll_to, title="Log"),
            "compare": partial(scroll_to, title="Charts"),
        },
    )


def scroll_to(page: Page, title: str) -> None:
    part(page, title).evaluate("(section) => section.scrollIntoView()")


def of_pages(
    browser: Browser,
    server: Server,
    pages: Mapping[str, str],
    before: Mapping[str, Callable[[Page], None]] | None = None,
) -> Iterator[Path]:
    """`before` is done on a page before its picture is taken."""
    for label, context in contexts(browser):
        for name, address in pages.items():
            page = context.new_page()
            page.goto(f"{server.url}/{address}")
            page.wait_for_timeout(SETTLE_MS)
            if before and name in before:
                before[name](page)
                page.wait_for_timeout(SETTLE_MS)
            path = FOLDER / f"{name}-{label}.png"
            page.screenshot(path=path)
            page.close()
            yield path


def diagnosis_pictures(browser: Browser, server: Server) -> Iterator[Path]:
    image = next((server.data_dir / DIAGNOSED).iterdir())
    for label, context in contexts(browser):
        page = context.new_page()
        open_page(page, server)
        choose(page, image)
        start_button(page).click()
        expect(part(page, "Probabilities")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(SETTLE_MS)
        path = FOLDER / f"diagnose-{label}.png"
        page.screenshot(path=path, full_page=True)
        page.close()
        yield path


def contexts(browser: Browser) -> Iterator[tuple[str, BrowserContext]]:
    """A browser of each size and theme, with the name of both."""
    for (size, (width, height)), theme in product(SIZES.items(), THEMES):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB"
        )
        yield f"{size}-{theme}", context
        context.close()


if __name__ == "__main__":
    sys.exit(main())
