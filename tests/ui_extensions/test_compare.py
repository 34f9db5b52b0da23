"""The table of runs and the comparison: searched, grouped, as a tree, and overlaid live."""

import re
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from playwright.sync_api import Locator, Page, expect

from tests.api.logged_runs import LoggedRun
from tests.servers import fovea_server
from tests.ui_extensions.axe import violations
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.run_page import caption, chart
from tests.ui_extensions.served_runs import ServedRuns

NUM_RUNS = 50
HOSTILE = "<b>bold</b> 😀 \u202eright\u202c العربية " + "long" * 40
RATES = ("0.1", "0.01", "1e-05", "1e-05", "16")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRuns]:
    with fovea_server(tmp_path_factory.mktemp("compare")) as server:
        client = MlflowClient(server.url)
        logged: list[LoggedRun] = []
        for number in range(NUM_RUNS):
            run_id = client.create_run("0", run_name=name_of(number)).info.run_id
            loss = "train_loss" if number % 2 else "loss"
            points = [Metric(loss, number + 1 / step, step, step) for step in (1, 2, 3)]
            ends = [Metric("huge", 1e300, 1, 1), Metric("tiny", 1e-30 * number, 1, 1)]
            parents = [RunTag(MLFLOW_PARENT_RUN_ID, logged[0].run_id)] if 0 < number < 4 else []
            params = [Param("lr", RATES[number % 5]), Param("same", "x")]
            client.log_batch(run_id, metrics=[*points, *ends], params=params, tags=parents)
            logged.append(LoggedRun(client, run_id))
        yield ServedRuns(server, logged)


def name_of(number: int) -> str:
    return HOSTILE if number == 4 else f"run {number:02d}"


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Runs").locator("tbody tr:not([aria-hidden])")


def search(page: Page, text: str) -> None:
    page.get_by_role("searchbox", name="Search").fill(text)
    page.keyboard.press("Enter")


def test_runs_are_searched_and_a_bad_condition_says_where(
    runs: ServedRuns, page: Page, complaints: list[str]
) -> None:
    runs.open(page, "table?shape=flat")
    expect(page.get_by_role("status").filter(has_text="50 runs")).to_be_visible()

    search(page, "metrics.tiny > 4.75e-29")
    expect(rows(page)).to_have_count(2)
    expect(rows(page)).to_contain_text(["run 49", "run 48"])
    search(page, "run 4")
    expect(rows(page)).to_have_count(10)
    search(page, "params.lr = 3")
    expect(page.get_by_role("alert")).to_contain_text("“params.lr = 3”")
    forgive(complaints, "422")

    page.reload()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("params.lr = 3")
    expect(page.get_by_role("alert")).to_be_visible()
    forgive(complaints, "422")


def test_only_the_rows_in_view_are_in_the_document_and_columns_sort(
    runs: ServedRuns, page: Page
) -> None:
    runs.open(page, "table?shape=flat&columns=params.lr,metrics.tiny")
    expect(rows(page).first).to_contain_text("run 49")
    assert rows(page).count() < NUM_RUNS

    page.get_by_role("button", name="lr").click()
    page.get_by_role("button", name="lr").click()
    expect(page.get_by_role("columnheader", name="lr")).to_have_attribute("aria-sort", "ascending")
    expect(rows(page).first).to_contain_text("1e-05")
    region = page.get_by_role("region", name="Runs")
    region.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    expect(rows(page).last).to_contain_text("16")

    page.get_by_role("button", name="Columns…").click()
    page.get_by_role("checkbox", name="same").check()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("columnheader", name="same")).to_be_attached()
    assert violations(page) == []


def test_child_runs_are_below_their_parent(runs: ServedRuns, page: Page) -> None:
    runs.open(page, "table?sort=attributes.start_time&order=asc")
    expect(page.get_by_role("status").filter(has_text="47 runs at the top")).to_be_visible()

    page.get_by_role("button", name="Show the 3 child runs of run 00").click()

    expect(rows(page).nth(0)).to_contain_text("run 00")
    expect(rows(page).nth(3)).to_contain_text(re.compile("run 0[123]"))
    page.get_by_role("button", name="Hide the child runs of run 00").click()
    expect(rows(page).nth(1)).to_contain_text("<b>bold</b>")


def test_groups_have_mean_and_spread_and_open(runs: ServedRuns, page: Page) -> None:
    runs.open(page, "table?shape=flat&columns=metrics.huge,metrics.loss")
    page.get_by_label("Group by").select_option("params.lr")
    groups = page.get_by_role("region", name="Groups of runs").locator("tbody tr")
    expect(groups).to_have_count(4)
    # Numbers are in their order; loss is that of every other run.
    expect(groups.nth(0)).to_contain_text(re.compile(r"1e-05.*20.*1E300 ± 0.* of 10"))
    assert violations(page) == []

    page.get_by_role("button", name="Show the runs of 1e-05").click()

    expect(page.get_by_role("status").filter(has_text="20 runs")).to_be_visible()
    page.get_by_role("checkbox", name="Select run 48").check()
    page.get_by_role("checkbox", name="Select run 47").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()


def test_runs_of_two_programs_are_overlaid_live(runs: ServedRuns, page: Page) -> None:
    runs.open(page, f"compare?runs={runs.ids(5, 6, 7)}")
    legend = chart(page, "train_loss").get_by_role("listitem")
    expect(legend).to_contain_text(["run 05", "run 07"])
    expect(legend.nth(0)).to_contain_text("5.333")
    expect(chart(page, "loss").get_by_role("listitem")).to_contain_text(["run 06"])

    runs.logged[7].log(9, train_loss=0.125)

    expect(legend.nth(1)).to_contain_text("0.125")
    expect(caption(page, "train_loss")).to_contain_text("step 9")
    page.get_by_role("button", name="Compare with run 05 as the baseline").click()
    table = page.get_by_role("region", name="Newest values of the metrics")
    expect(table.get_by_role("row", name=re.compile("^tiny"))).to_contain_text("+1E-30")
    page.reload()
    expect(
        page.get_by_role("button", name="Compare with run 05 as the baseline")
    ).to_have_attribute("aria-pressed", "true")


def test_differences_and_params_are_shown_for_hostile_names(runs: ServedRuns, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    runs.open(page, f"compare?runs={runs.ids(4, 5, 6)},{'0' * 32}")

    expect(page.get_by_text("1 of the runs are deleted")).to_be_visible()
    params = page.get_by_role("region", name="Params")
    expect(params.get_by_role("row", name=re.compile("^lr"))).to_contain_text("16")
    expect(params.get_by_role("row", name=re.compile("^same"))).to_have_count(0)
    page.get_by_role("checkbox", name="Show what is equal, too").check()
    expect(params.get_by_role("row", name=re.compile("^same"))).to_have_count(1)
    expect(page.get_by_role("img", name=re.compile(" by lr$")).locator("circle")).not_to_have_count(
        0
    )
    expect(page.locator("main b")).to_have_count(0)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    assert violations(page) == []
