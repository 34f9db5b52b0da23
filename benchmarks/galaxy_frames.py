"""Measures the galaxy with 500 projects of 40 runs: the server's answer, and frames in a browser.

    .venv/bin/python -m benchmarks.galaxy_frames

Headless Chromium has no GPU here, so WebGL is drawn by software. The phases are: nothing changes, the
sky is pulled, its distance changes, and a flight to one star after another; each with WebGL and with the
flat view of browsers without it. A frame counts whether the page has drawn in it or not; the frames that
the page itself has asked for are beside it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.frame_times import MAX_FRAME_MS, FrameTimes, frame_times
from benchmarks.dashboard.many_projects import store_projects
from benchmarks.harness.results import percentile, print_table
from benchmarks.harness.servers import Server, fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from tests.browser import ARGUMENTS, require_browser
from tests.ui_extensions.galaxy_page import WITHOUT_WEBGL

NUM_PROJECTS = 500
NUM_CANDIDATES = 39
WIDTH_PX, HEIGHT_PX = 1440, 900
PHASE_S = 4.0
NUM_ANSWERS = 10
_PROBE = """
window.seen = []; window.drawn = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (call) => { window.drawn += 1; return ask(call); };
const onFrame = (at) => { window.seen.push(at); ask(onFrame); };
ask(onFrame);
"""
_TAKE = """() => {
  const taken = { frames: window.seen, drawn: window.drawn };
  window.seen = []; window.drawn = 0;
  return taken;
}"""


@dataclass(frozen=True, kw_only=True)
class Phase:
    name: str
    frames: FrameTimes
    num_drawn: int
    seconds: float


def main() -> None:
    require_built()
    with temporary_folder() as folder, fovea_serve(folder / "server") as server:
        store_projects(folder / "server", NUM_PROJECTS, NUM_CANDIDATES)
        print_answers(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(require_browser()), args=list(ARGUMENTS)
            )
            phases = [*phases_of(browser, server, "webgl"), *phases_of(browser, server, "flat")]
            browser.close()
    print_frames(phases)


def print_answers(server: Server) -> None:
    """The first answer reads scores, later ones have them."""
    durations_ms, num_bytes = [], 0
    with httpx.Client(base_url=server.url, timeout=120) as http:
        for _ in range(NUM_ANSWERS):
            began_s = time.perf_counter()
            response = http.get("/api/v1/projects/galaxy").raise_for_status()
            durations_ms.append(1000 * (time.perf_counter() - began_s))
            num_bytes = len(response.content)
    print_table(
        (f"answer of {NUM_PROJECTS} projects with {NUM_CANDIDATES + 1} runs", "measured"),
        [
            ["first", f"{durations_ms[0]:.0f} ms"],
            ["p50 of the others", f"{percentile(durations_ms[1:], 50):.0f} ms"],
            ["size, not compressed", f"{num_bytes / 1e6:.2f} MB"],
        ],
    )


def phases_of(browser: Browser, server: Server, view: str) -> Iterator[Phase]:
    page = browser.new_page(locale="en-GB", viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
    page.set_default_timeout(60_000)
    page.add_init_script(_PROBE)
    if view == "flat":
        page.add_init_script(WITHOUT_WEBGL)
    page.goto(f"{server.url}/monitor/#/galaxy")
    page.locator(f"[data-view={view}]").wait_for()
    page.get_by_role("list", name="Stars").get_by_role("listitem").nth(NUM_PROJECTS - 1).wait_for(
        state="attached"
    )
    for name, act in {
        "nothing changes": rest,
        "pulled, all stars in view": pull,
        "distance changes": change_distance,
        "flights to stars": fly,
    }.items():
        yield measured(page, f"{view}: {name}", act)
    page.close()


def measured(page: Page, name: str, act: Callable[[Page], None]) -> Phase:
    page.wait_for_timeout(1_500)
    page.evaluate(_TAKE)
    began_s = time.perf_counter()
    act(page)
    seconds = time.perf_counter() - began_s
    taken = page.evaluate(_TAKE)
    return Phase(
        name=name, frames=frame_times(taken["frames"]), num_drawn=taken["drawn"], seconds=seconds
    )


def rest(page: Page) -> None:
    page.wait_for_timeout(1000 * PHASE_S)


def pull(page: Page) -> None:
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    repeat(lambda at: page.mouse.move(x + 80 * (at % 3 - 1), y + 40 * (at % 2)))
    page.mouse.up()


def change_distance(page: Page) -> None:
    repeat(lambda at: page.mouse.wheel(0, -60 if at // 40 % 2 == 0 else 60))


def fly(page: Page) -> None:
    stars = page.get_by_role("list", name="Stars").get_by_role("button")
    ends_s = time.perf_counter() + PHASE_S
    at = 0
    while time.perf_counter() < ends_s:
        stars.nth(at * 97 % NUM_PROJECTS).click()
        page.wait_for_timeout(950)
        at += 1


def repeat(act: Callable[[int], None]) -> None:
    ends_s, at = time.perf_counter() + PHASE_S, 0
    while time.perf_counter() < ends_s:
        act(at)
        at += 1


def print_frames(phases: list[Phase]) -> None:
    heads = (
        f"{NUM_PROJECTS} stars, {WIDTH_PX} by {HEIGHT_PX} pixels",
        "frames a second",
        f"later than {MAX_FRAME_MS:.0f} ms",
        "p99",
        "drawn a second",
    )
    print_table(
        heads,
        [
            [
                it.name,
                f"{it.frames.per_s:.1f}",
                f"{it.frames.share_late:.1%}",
                f"{it.frames.p99_ms:.1f} ms",
                f"{it.num_drawn / it.seconds:.1f}",
            ]
            for it in phases
        ],
    )


if __name__ == "__main__":
    main()
