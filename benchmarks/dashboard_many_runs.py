"""Measures a table of 10,000 runs and 50 overlaid runs of 20,000 points against MLflow's own pages.

    .venv/bin/python -m benchmarks.dashboard_many_runs [--runs 10000] [--compared 50] [--points 20000]
        [--rounds 3] [--pictures FOLDER]

One server has both pages, on one store, and one browser opens them in turn, each time with an empty cache.
"shown" is the time from the address to the data on the screen: the newest run's row, or a line for each of
the compared runs in one chart. The dashboard loads fewer points of each line than it has, extremes
included, and more once somebody zooms in; MLflow's page of a metric loads all. Frames are counted by
requestAnimationFrame while the table scrolls, or while the chart is zoomed and shows everything again.
Frames above 1 in the last column are better for MLflow, all else above 1 for the dashboard.
`--pictures` keeps what each page showed when its time was taken.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Error, Page, sync_playwright

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.frame_times import frame_times
from benchmarks.dashboard.many_runs import StoredRuns, store_runs
from benchmarks.dashboard.rival_pages import RivalPage, overlays, tables
from benchmarks.harness.results import interleaved, print_table
from benchmarks.harness.servers import fovea_serve
from benchmarks.harness.temporary_folder import temporary_folder
from tests.browser import ARGUMENTS, require_browser

WIDTH_PX, HEIGHT_PX = 1440, 900
DEADLINE_S = 180.0
ACT_S = 4.0

_COUNT_FRAMES = """() => {
    window.frames_ms = [];
    const onFrame = (at) => { window.frames_ms.push(at); requestAnimationFrame(onFrame); };
    requestAnimationFrame(onFrame);
}"""
_NEXT_FRAME = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One opening of a page; None is what did not come within the deadline."""

    shown_s: float | None = None
    script_s: float | None = None
    """Processor time of the page's scripts until its data were shown."""
    heap_mb: float | None = None
    """JavaScript's memory with the data on the screen, after a garbage collection."""
    search_s: float | None = None
    frames_per_s: float | None = None
    worst_second: int | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = options().parse_args(arguments)
    require_built()
    with temporary_folder() as folder, fovea_serve(folder / "data") as server:
        stored = store_runs(
            folder / "data",
            num_short=chosen.runs,
            num_long=chosen.compared,
            num_points=chosen.points,
        )
        print_load("at the start")
        with chromium() as browser:
            for what, pair in (
                (table_of(stored), tables(server.url, stored)),
                (overlay_of(stored), overlays(server.url, stored)),
            ):
                visits = measured(browser, pair, chosen)
                print_visits(what, pair, visits)
    print_load("at the end")


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="in the table")
    parser.add_argument("--compared", type=int, default=50, help="runs in one chart")
    parser.add_argument("--points", type=int, default=20_000, help="of each compared run")
    parser.add_argument("--rounds", type=int, default=3, help="openings of each page")
    parser.add_argument("--act-s", type=float, default=ACT_S, help="seconds of counted frames")
    parser.add_argument("--deadline-s", type=float, default=DEADLINE_S)
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what was timed")
    return parser


def table_of(stored: StoredRuns) -> str:
    return f"table of {stored.num_short:,} runs"


def overlay_of(stored: StoredRuns) -> str:
    return f"overlay of {len(stored.long_runs)} runs of {stored.num_points:,} points"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(require_browser()), args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


def measured(
    browser: Browser, pair: tuple[RivalPage, RivalPage], chosen: argparse.Namespace
) -> dict[str, list[Visit]]:
    """The visits of each page, by its name."""
    visits: dict[str, list[Visit]] = {each.name: [] for each in pair}
    for rival in interleaved(pair, chosen.rounds):
        context = browser.new_context(
            locale="en-GB", viewport={"width": WIDTH_PX, "height": HEIGHT_PX}
        )
        context.set_default_timeout(1000 * chosen.deadline_s)
        try:
            seen = visit(context.new_page(), rival, chosen)
        finally:
            context.close()
        visits[rival.name].append(seen)
        # On a busy machine all of it takes long: what is known is seen at once.
        print(f"{rival.name}: {seen}", file=sys.stderr, flush=True)
    return visits


def visit(page: Page, rival: RivalPage, chosen: argparse.Namespace) -> Visit:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    began_s = time.perf_counter()
    try:
        page.goto(rival.address)
        rival.wait(page)
        page.evaluate(_NEXT_FRAME)
        seen = Visit(shown_s=time.perf_counter() - began_s)
    except Error:
        keep_picture(page, rival, chosen)
        return Visit()
    seen = replace(seen, script_s=metric(session, "ScriptDuration"))
    keep_picture(page, rival, chosen)
    session.send("HeapProfiler.collectGarbage")
    seen = replace(seen, heap_mb=metric(session, "JSHeapUsedSize") / 2**20)
    page.evaluate(_COUNT_FRAMES)
    ends_s = time.perf_counter() + chosen.act_s
    while time.perf_counter() < ends_s:
        rival.act(page)
    frames = frame_times(page.evaluate("window.frames_ms"))
    seen = replace(seen, frames_per_s=frames.per_s, worst_second=frames.worst_second)
    return replace(seen, search_s=searched(page, rival))


def searched(page: Page, rival: RivalPage) -> float | None:
    if rival.search is None:
        return None
    page.reload()
    rival.wait(page)
    began_s = time.perf_counter()
    try:
        rival.search(page)
    except Error:
        return None
    return time.perf_counter() - began_s


def metric(session: CDPSession, name: str) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == name))


def keep_picture(page: Page, rival: RivalPage, chosen: argparse.Namespace) -> None:
    if chosen.pictures is not None:
        kind = "overlay" if rival.search is None else "table"
        chosen.pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=chosen.pictures / f"{kind}-{rival.name}.png")


def print_visits(
    what: str, pair: tuple[RivalPage, RivalPage], visits: dict[str, list[Visit]]
) -> None:
    own, other = (visits[each.name] for each in pair)
    rows = [
        [label, middle(own, field, form), middle(other, field, form), ratio(own, other, field)]
        for label, field, form in ROWS
        if any(getattr(each, field) is not None for each in (*own, *other))
    ]
    missed = [sum(each.shown_s is None for each in ofs) for ofs in (own, other)]
    if any(missed):
        rows.append(["openings past the deadline", *map(str, missed), ""])
    print_table(
        (f"{what}, medians of {len(own)}", *(each.name for each in pair), "MLflow / dashboard"),
        rows,
    )


ROWS = (
    ("shown", "shown_s", "{:.2f} s"),
    ("processor time of scripts until then", "script_s", "{:.2f} s"),
    ("JavaScript's memory", "heap_mb", "{:.1f} MiB"),
    ("one run found by its name", "search_s", "{:.2f} s"),
    ("frames a second in use", "frames_per_s", "{:.1f}"),
    ("frames in the worst second", "worst_second", "{:.0f}"),
)


def middle(visits: Sequence[Visit], field: str, form: str) -> str:
    values = known(visits, field)
    return form.format(statistics.median(values)) if values else "-"


def ratio(own: Sequence[Visit], other: Sequence[Visit], field: str) -> str:
    """MLflow's median over the dashboard's."""
    values = [known(visits, field) for visits in (own, other)]
    if not all(values):
        return "-"
    base, rival = map(statistics.median, values)
    return f"{rival / base:.2f}" if base > 0 else "-"


def known(visits: Sequence[Visit], field: str) -> list[float]:
    return [value for each in visits if (value := getattr(each, field)) is not None]


def print_load(when: str) -> None:
    print(f"load of the machine {when}: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")


if __name__ == "__main__":
    main()
