"""Runs with any number and any name, and pages whose state is in their address."""

import math
import re
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Locator, Page, expect

from tests.api.logged_runs import START_MS, LoggedRun
from tests.servers import Server, fovea_server
from tests.ui_extensions.conftest import DEADLINE_MS, forgive
from tests.ui_extensions.run_page import caption, chart, new_run, open_run
from tests.waiting import until

TIME_NS = 1_782_000_000_123_456_789
HIDDEN_DIRECTION = "fold \u202egpj.exe"
LONG_NAME = "a name of many words " * 24
NUM_RUNS = 50

# Records the texts that each canvas draws; a canvas that draws the word in `window.broken` throws.
RECORD_TICKS = """
window.ticks = new Map();
const draw = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
  if (window.broken !== undefined && text === window.broken) throw new Error("a broken tick");
  const key = this.canvas.closest("figure")?.querySelector("h3")?.textContent;
  window.ticks.set(key, [...(window.ticks.get(key) ?? []), text]);
  return draw.call(this, text, ...place);
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("extreme_runs")) as running:
        yield running


@pytest.fixture(scope="module")
def many_runs(server: Server) -> list[LoggedRun]:
    """More runs than the list shows at once, half of them ended."""
    client = MlflowClient(server.url)
    experiment = client.create_experiment("many")
    runs = [
        LoggedRun(client, client.create_run(experiment, run_name=f"run {index}").info.run_id)
        for index in range(NUM_RUNS)
    ]
    for run in runs[::2]:
        client.update_run(run.run_id, status="FINISHED")
    return runs


def ticks(page: Page, title: str) -> list[str]:
    """The labels that the chart has drawn."""
    return list(page.evaluate("title => window.ticks.get(title) ?? []", title))


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def test_any_number_of_a_run_is_drawn(server: Server, page: Page) -> None:
    run = new_run(server.url, "extreme")
    for step, value in enumerate((1e308, -1e308, 5e-324, math.inf, math.nan, 1e308)):
        run.log(step, train__loss=value)
    run.log(TIME_NS, START_MS, val__loss=0.5)
    page.add_init_script(RECORD_TICKS)

    open_run(page, server.url, run.run_id)

    expect(caption(page, "Loss")).to_have_text("step 1.782E18 · 2 not finite")
    until(lambda: {"1E18", "-1E308", "1E308"} <= set(ticks(page, "Loss")), "the ticks")
    assert len(set(ticks(page, "Loss"))) < 80
    page.get_by_label("Logarithmic").check()
    until(lambda: "1E-200" in ticks(page, "Loss"), "ticks in powers of ten")


def test_a_remembered_logarithmic_axis_draws_thirty_powers_of_ten(
    server: Server, page: Page
) -> None:
    run = new_run(server.url, "from 1 to 1e-30")
    for power in range(31):
        run.log(power, train__loss=10.0**-power)
    page.add_init_script(RECORD_TICKS)
    page.add_init_script("""localStorage.setItem("fovea.charts", '{"isLog": true}')""")

    open_run(page, server.url, run.run_id)

    expect(page.get_by_label("Logarithmic")).to_be_checked()
    until(lambda: "1E-20" in ticks(page, "Loss"), "ticks in powers of ten")
    assert len(set(ticks(page, "Loss"))) < 80


def test_an_error_in_a_chart_is_shown_in_that_chart_alone(
    server: Server, page: Page, complaints: list[str]
) -> None:
    run = new_run(server.url, "one broken chart")
    run.log(1, first=777)
    run.log(1, second=3)
    page.add_init_script(RECORD_TICKS)
    page.add_init_script("window.broken = '760'")

    open_run(page, server.url, run.run_id)

    broken = chart(page, "first")
    expect(broken.get_by_role("alert")).to_contain_text("This part cannot be shown")
    expect(caption(page, "second")).to_have_text("step 1")
    expect(chart(page, "second").get_by_role("alert")).to_have_count(0)
    forgive(complaints, "a broken tick")
    page.evaluate("window.broken = undefined")
    broken.get_by_role("button", name="Try again").click()
    expect(broken.get_by_role("alert")).to_have_count(0)
    until(lambda: "760" in ticks(page, "first"), "the chart")


def test_charts_outside_the_window_are_drawn_for_printing(server: Server, page: Page) -> None:
    run = new_run(server.url, "printed")
    for index in range(24):
        run.log(1, **{f"metric_{index:02d}": index})
    page.add_init_script(RECORD_TICKS)
    open_run(page, server.url, run.run_id)
    expect(caption(page, "metric_00")).to_have_text("step 1")
    expect(page.locator("figure")).to_have_count(24)
    last = chart(page, "metric_23")
    expect(last).not_to_be_in_viewport()
    with page.expect_response(re.compile("performance/metric_23")):
        pass

    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    expect(page.locator("figure canvas")).to_have_count(24)
    until(lambda: bool(ticks(page, "metric_23")), "the last chart")


def test_filters_ticks_and_loaded_pages_stay_on_reload_and_back(
    server: Server, page: Page, many_runs: list[LoggedRun]
) -> None:
    page.goto(f"{server.url}/monitor/")
    page.get_by_label("Experiment").select_option("many")
    page.get_by_role("button", name=re.compile(r"Show \d+ more")).click()
    cards = page.get_by_role("main").get_by_role("checkbox")
    expect(cards).to_have_count(NUM_RUNS)
    for name in ("run 1", "run 3"):
        page.get_by_label(f"Compare {name}", exact=True).check()

    page.reload()

    expect(cards).to_have_count(NUM_RUNS)
    expect(page.get_by_label("Compare run 3", exact=True)).to_be_checked()
    expect(page.get_by_role("link", name="Compare 2 in MLflow")).to_be_visible()
    page.get_by_label("Status").select_option("Training")
    expect(cards).to_have_count(NUM_RUNS // 2)
    page.get_by_role("link", name="run 1", exact=True).scroll_into_view_if_needed()
    left_at = page.evaluate("scrollY")
    assert left_at > 0
    page.get_by_role("link", name="run 1", exact=True).click()
    expect(page.get_by_role("heading", name="run 1", level=1)).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(cards).to_have_count(NUM_RUNS // 2)
    expect(page.get_by_label("Compare run 3", exact=True)).to_be_checked()
    until(lambda: page.evaluate("scrollY") == left_at, "the position that the page was left at")


def test_the_options_of_the_charts_are_in_the_address(server: Server, page: Page) -> None:
    run = new_run(server.url, "shared")
    for step in range(100):
        run.log(step, one=step, two=step)

    page.goto(f"{server.url}/monitor/#/runs/{run.run_id}?metric=two&steps=10~20&log=yes")

    expect(page.locator("figure")).to_have_count(1)
    expect(page.get_by_label("Logarithmic")).to_be_checked()
    expect(page.get_by_role("button", name="Show everything")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(page).not_to_have_url(re.compile("steps="))
    page.get_by_label("Find a metric").fill("one")
    expect(page).to_have_url(re.compile("metric=one"))
    expect(chart(page, "one")).to_be_visible()


def test_a_long_name_is_two_lines_high_until_all_of_it_is_wanted(
    server: Server, page: Page
) -> None:
    run = new_run(server.url, LONG_NAME)
    page.goto(f"{server.url}/monitor/")
    shown = card(page, "a name of many words")

    box = shown.bounding_box()
    assert box is not None
    assert box["height"] < 320
    shown.get_by_role("button", name="Show all").click()
    expect(shown.get_by_role("button", name="Show less")).to_be_visible()
    whole = shown.bounding_box()
    assert whole is not None
    assert whole["height"] > box["height"]
    open_run(page, server.url, run.run_id)
    heading = page.get_by_role("heading", level=1).bounding_box()
    assert heading is not None
    assert heading["height"] < 150


def test_a_name_does_not_turn_the_words_around_it(server: Server, page: Page) -> None:
    run = new_run(server.url, HIDDEN_DIRECTION)
    run.log(1, train__loss=math.nan)

    open_run(page, server.url, run.run_id)

    name = page.get_by_role("heading", level=1).locator("bdi")
    expect(name).to_have_text(HIDDEN_DIRECTION)
    assert name.evaluate("it => getComputedStyle(it).unicodeBidi") == "isolate"
    expect(page).to_have_title(f"\u2068{HIDDEN_DIRECTION}\u2069 · Fovea")
    banner = page.get_by_role("alert").filter(has_text="Critical: loss_not_finite")
    expect(banner).to_contain_text(f"Run \u2068{HIDDEN_DIRECTION}\u2069, since")


def test_alerts_are_worded_in_the_language_of_the_page(server: Server, browser: Browser) -> None:
    run = new_run(server.url, "divergent")
    run.log(7, train__loss=math.inf)
    context = browser.new_context(locale="fr-FR")
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()

    open_run(page, server.url, run.run_id)

    alerts = page.locator("#alerts")
    expect(alerts.get_by_text("train/loss vaut ∞ au pas 7")).to_have_attribute("lang", "fr")
    expect(alerts).to_contain_text("et reprenez au dernier point")
    context.close()


def test_links_into_mlflow_show_runs_to_a_new_reader(server: Server, page: Page) -> None:
    new_run(server.url, "linked")
    page.goto(f"{server.url}/monitor/")

    card(page, "linked").get_by_role("link", name="Default").click()

    expect(page.get_by_text("matching runs")).to_be_visible()
    expect(page.get_by_role("link", name="linked")).to_be_visible()
    assert "workflowType=machine_learning" in page.url


def test_the_panel_leaves_the_question_box_of_the_assistant_free(
    server: Server, page: Page
) -> None:
    run = new_run(server.url, "asked about")

    page.goto(f"{server.url}/#/experiments/0/runs/{run.run_id}?workflowType=machine_learning")

    panel = page.get_by_role("region", name="Fovea: this run, live")
    expect(panel).to_be_visible()
    question = page.get_by_placeholder("Ask a question")
    question.click()
    question.fill("Is it free?")
    page.wait_for_function(
        """() => {
          const box = document.querySelector("textarea").getBoundingClientRect();
          const host = document.querySelector("fovea-panel").shadowRoot.querySelector(".panel");
          const panel = host.getBoundingClientRect();
          return panel.right <= box.left || panel.left >= box.right || panel.bottom <= box.top;
        }"""
    )
