"""Measures the delay from a message at the dashboard's socket to its pixels, with 20 charts in view.

    .venv/bin/python -m benchmarks.dashboard_latency [--seconds 10]

Each chart has 20,000 points. The delay starts when the message event reaches the page, before the
page's own handler runs, and ends when Chromium reports the frame on its surface. A chart shows a
message once its caption has the message's step: its script and canvas are done by then. The screen
itself is not measured, because a headless browser has none. The column that starts at the server's
bus adds the hub, the socket and the time in which the page was busy. A comparison page that writes
20 captions and draws nothing shows the cost of the browser alone.
"""

import argparse
import os
import time
from collections.abc import Iterator

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.display_delays import Delay, DisplayDelays, display_delays
from benchmarks.dashboard.fill_charts import fill_charts
from benchmarks.dashboard.frame_trace import CATEGORIES, CLOCK_MARK, FrameTrace
from benchmarks.dashboard.served_run import ServedRun, served_run
from benchmarks.dashboard.tab import Tab, chromium_tab
from benchmarks.harness.results import percentile, print_table
from benchmarks.harness.temporary_folder import temporary_folder

FEW_PER_S, MANY_PER_S = 10, 50
SETTLE_S = 1.0
TARGET_MS = 50


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10, help="of updates at each rate")
    seconds = options.parse_args().seconds
    require_built()
    rows: list[list[str]] = []
    with temporary_folder() as folder, served_run(folder) as run, chromium_tab() as tab:
        tab.open(run.dashboard_url)
        fill_charts(run, tab)
        tab.watch_charts()
        for per_s in (FEW_PER_S, MANY_PER_S):
            rows += cells(f"dashboard, {per_s} a second", measure(run, tab, per_s, seconds))
        tab.open(run.comparison_url("captions_only"))
        tab.watch_charts()
        captions_only = measure(run, tab, MANY_PER_S, seconds)
        rows += cells(f"captions without charts, {MANY_PER_S} a second", captions_only)
    heads = (
        "messages",
        "shown by",
        "socket to surface, p50",
        "p95",
        "p99",
        "socket to drawn, p95",
        "server's bus to surface, p95",
    )
    print_table(heads, rows)
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"target: p95 from the socket to the surface under {TARGET_MS} ms")


def measure(run: ServedRun, tab: Tab, per_s: int, seconds: float) -> DisplayDelays:
    with tab.traced(CATEGORIES) as traces:
        tab.mark(CLOCK_MARK)
        tab.take_record()
        run.publish_updates(round(per_s * seconds), per_s)
        tab.wait_for_step(run.last_step)
        time.sleep(SETTLE_S)
        record = tab.take_record()
    return display_delays(record, FrameTrace(traces[0]))


def cells(name: str, delays: DisplayDelays) -> Iterator[list[str]]:
    for charts, each in (("first chart", delays.first_chart), ("all 20", delays.all_charts)):
        yield [
            name,
            charts,
            *(ms(each, "to_surface", percent) for percent in (50, 95, 99)),
            ms(each, "to_drawn", 95),
            ms(each, "from_server", 95),
        ]


def ms(delays: list[Delay], part: str, percent: float) -> str:
    return f"{percentile([getattr(each, part) for each in delays], percent):.1f} ms"


if __name__ == "__main__":
    main()
