"""The dashboard's pages of many runs and MLflow's own, and how to tell that they show their data."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from playwright.sync_api import Locator, Page

from benchmarks.dashboard.many_runs import METRIC, StoredRuns, name_of_short

_ROW = re.compile(r"^run \d{5}$")
_FOUND = 42
_NUM_DRAWN_BY_MLFLOW = """(least) => [...document.querySelectorAll(".js-plotly-plot")].some((plot) =>
    plot.querySelectorAll(".scatterlayer .trace path.js-line").length >= least.lines
    && plot.data.reduce((sum, line) => sum + line.x.length, 0) >= least.points)"""
_SCROLL = """() => {
    const long = [...document.querySelectorAll("*")].filter(
        (each) => each.scrollHeight > each.clientHeight + 50
            && ["auto", "scroll"].includes(getComputedStyle(each).overflowY));
    long.sort((a, b) => b.scrollHeight - a.scrollHeight);
    (long[0] ?? document.scrollingElement).scrollTop += 400;
}"""


@dataclass(frozen=True, kw_only=True)
class RivalPage:
    """A page at `address`; `wait` returns once its data are on the screen."""

    name: str
    address: str
    wait: Callable[[Page], None]
    search: Callable[[Page], None] | None
    """Searches for one run, and returns once it is the only one shown."""
    act: Callable[[Page], None]
    """What somebody does with the data, during which frames are counted."""


def tables(url: str, stored: StoredRuns) -> tuple[RivalPage, RivalPage]:
    """The dashboard's table of runs, and MLflow's."""
    experiment = stored.experiment_of_short

    def wait(page: Page) -> None:
        page.get_by_text(name_of_short(stored.num_short - 1), exact=True).first.wait_for()

    def search_in(box: Callable[[Page], Locator], condition: str) -> Callable[[Page], None]:
        def search(page: Page) -> None:
            box(page).fill(condition)
            box(page).press("Enter")
            newest = page.get_by_text(name_of_short(stored.num_short - 1), exact=True)
            newest.first.wait_for(state="detached")
            page.get_by_text(name_of_short(_FOUND), exact=True).first.wait_for()
            assert page.get_by_text(_ROW).count() == 1

        return search

    condition = f"attributes.run_name = '{name_of_short(_FOUND)}'"
    return (
        RivalPage(
            name="dashboard",
            address=f"{url}/monitor/#/table?experiment={experiment}",
            wait=wait,
            search=search_in(lambda page: page.get_by_role("searchbox").first, condition),
            act=_scroll,
        ),
        RivalPage(
            name="MLflow",
            address=f"{url}/#/experiments/{experiment}/runs?workflowType=machine_learning",
            wait=wait,
            search=search_in(
                lambda page: page.get_by_placeholder(re.compile("metrics.rmse")), condition
            ),
            act=_scroll,
        ),
    )


def overlays(url: str, stored: StoredRuns) -> tuple[RivalPage, RivalPage]:
    """The dashboard's comparison of the long runs, and MLflow's chart of their metric."""
    num_lines = len(stored.long_runs)

    def wait_for_dashboard(page: Page) -> None:
        chart = page.locator("figure").filter(has=page.get_by_role("heading", name=METRIC))
        caption = chart.locator("figcaption").filter(has_text=f"step {stored.num_points:,}")
        caption.filter(has_not_text=re.compile("not loaded yet")).wait_for()
        assert chart.get_by_role("listitem").count() == num_lines

    def wait_for_mlflow(page: Page) -> None:
        least = {"lines": num_lines, "points": num_lines * stored.num_points}
        page.wait_for_function(_NUM_DRAWN_BY_MLFLOW, arg=least)

    return (
        RivalPage(
            name="dashboard",
            address=f"{url}/monitor/#/compare?runs={','.join(stored.long_runs)}",
            wait=wait_for_dashboard,
            search=None,
            act=lambda page: _zoom(page, page.locator("figure .u-over").first),
        ),
        RivalPage(
            name="MLflow",
            address=f"{url}/#/metric?{_query_of_metric_page(stored)}",
            wait=wait_for_mlflow,
            search=None,
            act=lambda page: _zoom(page, page.locator(".js-plotly-plot .draglayer").first),
        ),
    )


def _query_of_metric_page(stored: StoredRuns) -> str:
    """As MLflow itself writes it into its links to this page."""
    values = {
        "runs": list(stored.long_runs),
        "metric": METRIC,
        "experiments": [stored.experiment_of_long],
        "plot_metric_keys": [METRIC],
        "plot_layout": {},
        "deselected_curves": [],
        "last_linear_y_axis_range": [],
    }
    options = {
        "x_axis": "step",
        "y_axis_scale": "linear",
        "line_smoothness": 1,
        "show_point": "false",
        "workflowType": "machine_learning",
    }
    texts = {name: json.dumps(value, separators=(",", ":")) for name, value in values.items()}
    return urlencode({**texts, **options}, quote_via=quote)


def _scroll(page: Page) -> None:
    page.evaluate(_SCROLL)
    page.wait_for_timeout(16)


def _zoom(page: Page, plot: Locator) -> None:
    """Zoom in by a drag, then show everything by a double click."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    page.mouse.up()
    page.wait_for_timeout(300)
    page.mouse.dblclick(box["x"] + box["width"] * 0.5, middle)
    page.wait_for_timeout(300)
