"""Measures frame rate and memory of a run's page: 20 charts of 20,000 points, 50 updates a second.

    .venv/bin/python -m benchmarks.dashboard_frames [--minutes 0.3]

Headless Chromium shows all 20 charts at once, and each update adds a point to each chart. The phases
are: the dashboard without updates, the dashboard with updates, and a comparison page that redraws all
points at each update. Before that, each chart gets 4,000 points from the store, as many as a page
reads, and 16,000 live ones. Updates start on the server's bus, not at MLflow
(`benchmarks.dashboard.publishing_app` explains why).
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.fill_charts import fill_charts
from benchmarks.dashboard.frame_times import TARGET_FPS, FrameTimes, frame_times
from benchmarks.dashboard.served_run import ServedRun, served_run
from benchmarks.dashboard.tab import HEIGHT_PX, WIDTH_PX, PageRecord, Tab, chromium_tab
from benchmarks.harness.results import print_table
from benchmarks.harness.temporary_folder import temporary_folder

UPDATES_PER_S = 50
QUIET_S = 5.0
NAIVE_S = 5.0
PARTS = ("first half", "second half")


@dataclass(frozen=True, kw_only=True)
class Phase:
    name: str
    frames: FrameTimes
    record: PageRecord
    seconds: float
    cpu_s: float
    """Processor time of all the browser's processes."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    when: str
    heap_bytes: int
    process_bytes: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=0.3, help="of updates to the dashboard")
    updating_s = options.parse_args().minutes * 60
    require_built()
    with temporary_folder() as folder, served_run(folder) as run, chromium_tab() as tab:
        phases: list[Phase] = []
        memory: list[Memory] = []
        tab.open(run.dashboard_url)
        fill_charts(run, tab)
        print(
            f"{tab.num_charts_in_view()} charts in view of {WIDTH_PX} by {HEIGHT_PX} pixels; "
            f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
        )
        phases.append(measure("dashboard, no updates", tab, QUIET_S))
        memory.append(measure_memory("before", tab))
        for part in PARTS:
            phases.append(measure_updates(f"dashboard, {part}", run, tab, updating_s / len(PARTS)))
            memory.append(measure_memory(f"after the {part}", tab))
        tab.open(run.comparison_url("redraw_all"))
        run.publish_updates(round(UPDATES_PER_S * NAIVE_S), UPDATES_PER_S)
        phases.append(measure("all points redrawn at each update", tab, NAIVE_S))
    print_figures(phases, memory)


def measure_updates(name: str, run: ServedRun, tab: Tab, seconds: float) -> Phase:
    run.publish_updates(round(UPDATES_PER_S * seconds), UPDATES_PER_S)
    phase = measure(name, tab, seconds)
    tab.wait_for_step(run.last_step)
    return phase


def measure(name: str, tab: Tab, seconds: float) -> Phase:
    before_s = tab.cpu_s()
    record = tab.record_for(seconds)
    cpu_s = tab.cpu_s() - before_s
    frames = frame_times(record.frames)
    return Phase(name=name, frames=frames, record=record, seconds=seconds, cpu_s=cpu_s)


def measure_memory(when: str, tab: Tab) -> Memory:
    return Memory(when=when, heap_bytes=tab.heap_bytes(), process_bytes=tab.memory_bytes())


def print_figures(phases: list[Phase], memory: list[Memory]) -> None:
    heads = (
        f"{UPDATES_PER_S} updates a second",
        "frames a second",
        "in the worst second",
        f"later than 1/{TARGET_FPS} s",
        "p99",
        "tasks of 50 ms or more",
        "updates a second",
        "skipped",
        "browser's CPU, cores",
    )
    print_table(heads, [list(cells(phase)) for phase in phases])
    mib = 2**20
    print_table(
        ("memory", "JavaScript heap, garbage collected", "pages' processes"),
        [
            [each.when, f"{each.heap_bytes / mib:.1f} MiB", f"{each.process_bytes / mib:.0f} MiB"]
            for each in memory
        ],
    )
    print(f"target: at least {TARGET_FPS} frames a second, memory that does not grow with time")


def cells(phase: Phase) -> Iterator[str]:
    yield phase.name
    yield f"{phase.frames.per_s:.1f}"
    yield str(phase.frames.worst_second)
    yield f"{phase.frames.share_late:.1%}"
    yield f"{phase.frames.p99_ms:.1f} ms"
    yield str(len(phase.record.long_tasks_ms))
    yield f"{len(phase.record.updates) / phase.seconds:.1f}"
    yield str(phase.record.gaps)
    yield f"{phase.cpu_s / phase.seconds:.2f}"


if __name__ == "__main__":
    main()
