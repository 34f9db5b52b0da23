"""A page that has been open for long: what it holds of each metric came over its socket."""

from benchmarks.dashboard.long_run import NUM_POINTS, STORED_STEPS
from benchmarks.dashboard.served_run import ServedRun
from benchmarks.dashboard.tab import Tab

STEPS_AN_UPDATE = 50
"""With 20 metrics, as many points as MLflow takes in one write."""
UPDATES_PER_S = 40


def fill(run: ServedRun, tab: Tab) -> None:
    """Let points come until the page holds NUM_POINTS of each metric."""
    tab.take()
    run.go_on((NUM_POINTS - STORED_STEPS) // STEPS_AN_UPDATE, UPDATES_PER_S, STEPS_AN_UPDATE)
    tab.wait_for_step(run.last_step)
    noted = tab.take()
    held = STORED_STEPS + len(noted.updates) * STEPS_AN_UPDATE
    if noted.gaps > 0:
        print(f"The page could not keep up while it was filled: it holds {held} points of each.")
