"""Many runs compared, views saved by name, pages without WebSocket, and narrow or magnified windows."""

import re
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from playwright.sync_api import Browser, Page, expect

from tests.api.logged_runs import LoggedRun
from tests.servers import fovea_server
from tests.ui_extensions.axe import violations
from tests.ui_extensions.conftest import listen
from tests.ui_extensions.run_page import caption, chart, connection
from tests.ui_extensions.served_runs import ServedRuns

NUM_RUNS = 60
HOSTILE = "<i>view</i> 😀 \u202eright\u202c العربية " + "long" * 40
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NO_SOCKETS = "delete window.WebSocket"
PAGES = ("runs", "table", "projects", "alerts", "diagnose", "jobs", "projects/new")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRuns]:
    with fovea_server(tmp_path_factory.mktemp("many")) as server:
        client = MlflowClient(server.url)
        logged: list[LoggedRun] = []
        for number in range(NUM_RUNS):
            run_id = client.create_run("0", run_name=f"run {number:02d}").info.run_id
            points = [Metric("loss", number + 1 / step, step, step) for step in range(1, 21)]
            client.log_batch(run_id, metrics=points, params=[Param("lr", str(number))])
            logged.append(LoggedRun(client, run_id))
        yield ServedRuns(server, logged)


def test_sixty_runs_are_overlaid_and_followed(runs: ServedRuns, page: Page) -> None:
    runs.open(page, f"compare?runs={runs.ids()}")

    expect(page.get_by_role("heading", name="Compare 60 runs")).to_be_visible()
    legend = chart(page, "loss").get_by_role("listitem")
    expect(legend).to_have_count(NUM_RUNS)
    expect(page.get_by_text("30 lines differ in colour or dashes")).to_be_visible()
    expect(caption(page, "loss")).to_contain_text("step 20")
    expect(legend.nth(57)).to_contain_text("57.05")
    runs.logged[57].log(21, loss=0.125)
    expect(legend.nth(57)).to_contain_text("0.125")
    assert violations(page) == []


def test_views_are_saved_shared_renamed_and_deleted(
    runs: ServedRuns, page: Page, browser: Browser, complaints: list[str]
) -> None:
    runs.open(page, "table?search=run+01&shape=flat")
    page.get_by_role("button", name="Saved views…").click()
    dialog = page.get_by_role("dialog", name="Saved views")
    dialog.get_by_label("Name of this view").fill(HOSTILE)
    dialog.get_by_role("button", name="Save this view").click()
    link = dialog.get_by_role("link")
    expect(link).to_have_text(re.compile("<i>view</i>"))
    assert violations(page) == []
    dialog.get_by_label("Name of this view").fill(HOSTILE)
    dialog.get_by_role("button", name="Save this view").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already a view")
    complaints[:] = [each for each in complaints if "/api/v1/views" not in each]

    [saved] = page.request.get(f"{runs.server.url}/api/v1/views").json()
    other = browser.new_page(locale="fr-FR")
    listen(other, complaints)
    other.goto(f"{runs.server.url}/monitor/#/views/{saved['view_id']}")
    expect(other).to_have_url(re.compile(r"#/table\?search=run\+01&shape=flat$"))
    expect(other.get_by_role("searchbox").first).to_have_value("run 01")
    other.close()

    dialog.get_by_role("button", name=re.compile("^Rename")).click()
    dialog.get_by_label(re.compile("^New name")).fill("better")
    dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(link).to_have_text("better")
    dialog.get_by_role("button", name="Delete better", exact=True).click()
    dialog.get_by_role("button", name="Delete better for everybody").click()
    expect(dialog.get_by_text("No view is saved yet.")).to_be_visible()


def test_a_browser_without_websocket_asks_and_says_so(runs: ServedRuns, page: Page) -> None:
    page.add_init_script(NO_SOCKETS)
    run = runs.logged[3]
    runs.open(page, f"runs/{run.run_id}")
    expect(connection(page)).to_contain_text("Not live: asks every 5 s")
    run.log(30, loss=0.0625)
    expect(caption(page, "Loss")).to_contain_text("step 30")

    runs.open(page, f"compare?runs={run.run_id},{runs.logged[4].run_id}")
    expect(connection(page)).to_contain_text("Not live: asks every 5 s")
    run.log(31, loss=0.03125)
    expect(chart(page, "loss").get_by_role("listitem").first).to_contain_text("0.03125")

    runs.open(page, "table?search=late&shape=flat")
    expect(page.get_by_text("No run matches.")).to_be_visible()
    run.client.create_run("0", run_name="late")
    expect(page.get_by_role("link", name="late")).to_be_visible()
    runs.open(page, "alerts")
    expect(connection(page)).to_contain_text("Not live: asks every 5 s")


@pytest.mark.parametrize(("width", "locale"), [(390, "fr-FR"), (640, "en-GB")])
def test_narrow_and_magnified_pages_fit_and_have_a_menu(
    runs: ServedRuns, browser: Browser, complaints: list[str], width: int, locale: str
) -> None:
    """A window of 1280 px at 200 % is 640 px wide for the page."""
    viewport = {"width": width, "height": 700}
    context = browser.new_context(locale=locale, viewport=viewport, device_scale_factor=2)  # type: ignore[arg-type]
    page = context.new_page()
    listen(page, complaints)
    paths = [*PAGES, f"runs/{runs.logged[0].run_id}", f"compare?runs={runs.ids()}"]
    for path in paths:
        runs.open(page, path)
        expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(200)
        assert page.evaluate(OVERFLOW) == 0, path
    header = page.get_by_role("banner").bounding_box()
    assert header is not None
    assert header["height"] < 60
    links = page.get_by_role("banner").get_by_role("navigation").get_by_role("link")
    expect(links).to_have_count(1)
    menu = page.get_by_role("button", name="Menu")
    menu.press("Enter")
    expect(links).to_have_count(8)
    assert violations(page) == []
    links.nth(1).click()
    expect(page).to_have_url(re.compile("#/table"))
    expect(links).to_have_count(1)
    context.close()


def test_back_and_forward_lead_through_the_pages_in_two_tabs(
    runs: ServedRuns, page: Page, complaints: list[str]
) -> None:
    first, second = (run.run_id for run in runs.logged[:2])
    runs.open(page, "table?search=run+0&shape=flat")
    links = page.get_by_role("banner").get_by_role("link")
    for name in ("Projects", "Alerts", "Runs"):
        links.filter(has_text=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(name))
    page.goto(f"{runs.server.url}/monitor/#/compare?runs={first},{second}")
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    tab = page.context.new_page()
    listen(tab, complaints)
    runs.open(tab, f"runs/{first}")
    expect(tab.get_by_role("heading", name="run 00")).to_be_visible()
    for heading in ("Runs", "Alerts", "Projects", "Table of runs"):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
    expect(page.get_by_role("searchbox").first).to_have_value("run 0")
    for _ in range(4):
        page.go_forward()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    expect(tab.get_by_role("heading", name="run 00")).to_be_visible()
