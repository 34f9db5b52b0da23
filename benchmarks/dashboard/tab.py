"""A page in headless Chromium, with its recorded events, memory and processor time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, Response, sync_playwright

from benchmarks.dashboard.long_run import NUM_METRICS
from tests.browser import ARGUMENTS, require_browser
from tests.waiting import until

WIDTH_PX, HEIGHT_PX = 2560, 1600
"""Large enough for 20 charts at once."""

_PROBE = Path(__file__).parent / "page_probe.js"
_IN_VIEW = """() => [...document.querySelectorAll("figure")].filter((chart) => {
    const { top, bottom, left, right } = chart.getBoundingClientRect();
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
}).length"""


@dataclass(frozen=True, kw_only=True)
class PageRecord:
    """Events that `page_probe.js` recorded in a page; times are in ms since the page began."""

    frames: list[float]
    long_tasks_ms: list[float]
    updates: list[tuple[int, float, float]]
    gaps: int
    shown: list[tuple[int, int, float]]


class Tab:
    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser = browser
        self._page = page
        self._page_session = page.context.new_cdp_session(page)
        self._page_session.send("Performance.enable")
        self._browser_session = browser.new_browser_cdp_session()

    def open(self, url: str) -> list[Response]:
        """Open `url`, wait until all charts are drawn and in view, and return the responses until then."""
        responses: list[Response] = []
        self._page.goto("about:blank")

        def keep(response: Response) -> None:
            responses.append(response)

        self._page.on("response", keep)
        self._page.goto(url)
        until(lambda: self._count("figure canvas") == NUM_METRICS, "all charts")
        self._page.evaluate("document.querySelector('figure').closest('section').scrollIntoView()")
        assert (num := self.num_charts_in_view()) == NUM_METRICS, f"{num} charts are in view"
        self._page.remove_listener("response", keep)
        return responses

    def num_charts_in_view(self) -> int:
        return int(self._page.evaluate(_IN_VIEW))

    def wait_for_step(self, step: int) -> None:
        """Wait until the page has received `step`."""
        until(lambda: self._page.evaluate("benchmark.newestStep()") >= step, f"step {step}")

    def watch_charts(self) -> None:
        self._page.evaluate("benchmark.watchCharts()")

    def take_record(self) -> PageRecord:
        """Return and clear the events recorded so far."""
        record = self._page.evaluate("benchmark.takeRecord()")
        return PageRecord(
            frames=record["frames"],
            long_tasks_ms=record["longTasksMs"],
            updates=[(step, published, at) for step, published, at in record["updates"]],
            gaps=record["gaps"],
            shown=[(chart, step, at) for chart, step, at in record["shown"]],
        )

    def record_for(self, seconds: float) -> PageRecord:
        self.take_record()
        time.sleep(seconds)
        return self.take_record()

    def cpu_s(self) -> float:
        """Processor time of all the browser's processes so far."""
        return float(sum(process["cpuTime"] for process in self._processes()))

    def heap_bytes(self) -> int:
        """The JavaScript heap after a garbage collection."""
        self._page_session.send("HeapProfiler.collectGarbage")
        metrics = self._page_session.send("Performance.getMetrics")["metrics"]
        (used,) = [metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"]
        return int(used)

    def memory_bytes(self) -> int:
        """Private memory of the renderer processes, which includes typed arrays."""
        pages = [process["id"] for process in self._processes() if process["type"] == "renderer"]
        return sum(int(psutil.Process(pid).memory_full_info().uss) for pid in pages)

    @contextmanager
    def traced(self, categories: list[str]) -> Iterator[list[bytes]]:
        """After the `with`, the list contains Chromium's trace of its body."""
        traces: list[bytes] = []
        self._browser.start_tracing(page=self._page, categories=categories)
        try:
            yield traces
        finally:
            traces.append(self._browser.stop_tracing())

    def mark(self, name: str) -> None:
        self._page.evaluate("(name) => performance.mark(name)", name)

    def _count(self, selector: str) -> int:
        return int(self._page.evaluate(f"document.querySelectorAll('{selector}').length"))

    def _processes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]]
        found = self._browser_session.send("SystemInfo.getProcessInfo")["processInfo"]
        return found


@contextmanager
def chromium_tab() -> Iterator[Tab]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(require_browser()), args=list(ARGUMENTS)
        )
        page = browser.new_page(locale="en-GB", viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        page.add_init_script(path=_PROBE)
        yield Tab(browser, page)
        browser.close()
