"""Fills a page's charts with live points, as on a page that has been open for a long time."""

from benchmarks.dashboard.long_run import NUM_POINTS, STORED_STEPS
from benchmarks.dashboard.served_run import ServedRun
from benchmarks.dashboard.tab import Tab

STEPS_AN_UPDATE = 50
"""With 20 metrics this gives 1,000 points, the maximum of one write to MLflow."""
UPDATES_PER_S = 40


def fill_charts(run: ServedRun, tab: Tab) -> None:
    """Publish points until the page holds NUM_POINTS of each metric."""
    tab.take_record()
    run.publish_updates(
        (NUM_POINTS - STORED_STEPS) // STEPS_AN_UPDATE, UPDATES_PER_S, STEPS_AN_UPDATE
    )
    tab.wait_for_step(run.last_step)
    record = tab.take_record()
    num_points = STORED_STEPS + len(record.updates) * STEPS_AN_UPDATE
    if record.gaps > 0:
        print(
            f"The page skipped updates while it was filled: it holds {num_points} points per metric."
        )
