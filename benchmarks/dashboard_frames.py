"""Frames a second and memory of a run's page with 20 charts of 20,000 points at 50 updates a second.

    .venv/bin/python -m benchmarks.dashboard_frames [--minutes 0.3]

Headless Chromium shows 20 charts at once; each update brings a point to each. First nothing comes,
then the updates; then the same updates come to a page that draws all points of all charts at each
of them. The points before are 4,000 of the store, as many as a page reads, and 16,000 that came
live. Updates begin on the server's bus, not at MLflow (`benchmarks.dashboard.publishing_app` says why).
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.fill_charts import fill
from benchmarks.dashboard.frame_times import TARGET_FPS, FrameTimes, frame_times
from benchmarks.dashboard.served_run import ServedRun, served_run
from benchmarks.dashboard.tab import HEIGHT_PX, WIDTH_PX, Noted, Tab, chromium_tab
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
    noted: Noted
    seconds: float
    cpu_s: float
    """Of all of the browser's processes."""


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
        fill(run, tab)
        print(
            f"{tab.num_charts_in_view()} charts in view of {WIDTH_PX} by {HEIGHT_PX} pixels; "
            f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
        )
        phases.append(measure("dashboard, nothing comes", tab, QUIET_S))
        memory.append(weigh("before", tab))
        for part in PARTS:
            phases.append(updated(f"dashboard, {part}", run, tab, updating_s / len(PARTS)))
            memory.append(weigh(f"after the {part}", tab))
        tab.open(run.bare_url("redraw_all"))
        run.go_on(round(UPDATES_PER_S * NAIVE_S), UPDATES_PER_S)
        phases.append(measure("all points drawn at each update", tab, NAIVE_S))
    print_figures(phases, memory)


def updated(name: str, run: ServedRun, tab: Tab, seconds: float) -> Phase:
    run.go_on(round(UPDATES_PER_S * seconds), UPDATES_PER_S)
    phase = measure(name, tab, seconds)
    tab.wait_for_step(run.last_step)
    return phase


def measure(name: str, tab: Tab, seconds: float) -> Phase:
    before_s = tab.cpu_s()
    noted = tab.note_for(seconds)
    cpu_s = tab.cpu_s() - before_s
    frames = frame_times(noted.frames)
    return Phase(name=name, frames=frames, noted=noted, seconds=seconds, cpu_s=cpu_s)


def weigh(when: str, tab: Tab) -> Memory:
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
        "left out",
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
    yield str(len(phase.noted.long_tasks_ms))
    yield f"{len(phase.noted.updates) / phase.seconds:.1f}"
    yield str(phase.noted.gaps)
    yield f"{phase.cpu_s / phase.seconds:.2f}"


if __name__ == "__main__":
    main()
