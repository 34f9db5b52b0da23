"""`make screenshots` takes pictures of the pages during a real training, into docs/screenshots."""

import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Literal

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser import ARGUMENTS, require_browser
from tests.servers import Server, fovea_server
from tests.waiting import until

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EPOCHS = 8
SHOWN_AT_EPOCH = 6
DEADLINE_S = 900.0
SETTLE_MS = 4_000
"""Time until the charts are loaded and drawn."""


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, fovea_server(Path(folder) / "server") as server:
        run_id = train(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(require_browser()), args=list(ARGUMENTS)
            )
            for path in pictures(browser, server, run_id):
                print(path.relative_to(FOLDER.parents[1]), flush=True)
            browser.close()
        httpx.post(f"{server.url}/api/training/stop", params={"run_id": run_id}, timeout=60)
    return 0


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


def pictures(browser: Browser, server: Server, run_id: str) -> Iterator[Path]:
    pages = {
        "runs": "monitor/",
        "run": f"monitor/#/runs/{run_id}",
        "evaluation": f"monitor/#/runs/{run_id}?epoch={SHOWN_AT_EPOCH - 1}",
        "alerts": "monitor/#/alerts?state=all",
        "mlflow": f"#/experiments/1/runs/{run_id}?workflowType=machine_learning",
    }
    for (size, (width, height)), theme in product(SIZES.items(), THEMES):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB"
        )
        for name, address in pages.items():
            page = context.new_page()
            page.goto(f"{server.url}/{address}")
            page.wait_for_timeout(SETTLE_MS)
            path = FOLDER / f"{name}-{size}-{theme}.png"
            page.screenshot(path=path)
            page.close()
            yield path
        context.close()


if __name__ == "__main__":
    sys.exit(main())
