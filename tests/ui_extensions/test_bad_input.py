"""Pages with missing data, too much data, values that are not finite, markup, and deleted runs."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Locator, Page, Response, Route, expect

from tests.api.logged_runs import START_MS, STEP_MS, LoggedRun
from tests.servers import Server, fovea_server
from tests.ui_extensions.conftest import DEADLINE_MS, forgive, listen
from tests.ui_extensions.run_page import (
    caption,
    cards,
    chart,
    control,
    health,
    new_run,
    open_run,
    plot,
)

MARKUP = '<img src=x onerror="window.pwned=1">'
SCRIPT = "<script>window.pwned=1</script>"
RULES = f"""\
rules:
  - name: '{MARKUP}'
    metric: val/accuracy
    below: 0.9
    recommendation: '{SCRIPT}'
"""

NUM_METRICS = 5_000
MOST_PER_REQUEST = 1_000
MOST_CHARTS = 40
NUM_POINTS = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bad_input")
    (folder / "rules.yaml").write_text(RULES)
    environment = {"FOVEA_ALERT_RULES": str(folder / "rules.yaml")}
    with fovea_server(folder / "data", environment=environment) as running:
        yield running


@pytest.fixture
def page_without_policy(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page without its content policy, which would hide that an injected script could run."""
    context = browser.new_context(locale="en-GB", bypass_csp=True)
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    listen(page, complaints)
    yield page
    context.close()
    assert complaints == []


def pause(page: Page) -> Locator:
    """Pause the run; the result is the outcome on the page."""
    control(page, "Pause…").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
    return page.get_by_role("status").filter(has_text="Close")


def test_an_empty_run_says_what_will_appear(server: Server, page: Page) -> None:
    run = new_run(server.url, "empty")

    open_run(page, server.url, run.run_id)

    expect(page.get_by_role("heading", name="empty", level=1)).to_be_visible()
    expect(health(page)).to_contain_text("Healthy")
    expect(page.get_by_text("No metric has been logged yet")).to_be_visible()
    expect(page.get_by_role("heading", name="Confusion matrix")).to_have_count(0)
    expect(page.locator("#alerts")).to_contain_text("No open alerts")
    expect(page.get_by_text("This server did not start the run")).to_be_visible()
    expect(page.locator("figure")).to_have_count(0)
    expect(page.get_by_text(re.compile("NaN|undefined|null"))).to_have_count(0)


def test_one_metric_alone_is_charted(server: Server, page: Page) -> None:
    run = new_run(server.url, "one metric")
    run.log(7, temperature=36.6)

    open_run(page, server.url, run.run_id)

    expect(caption(page, "temperature")).to_have_text("step 7")
    expect(chart(page, "temperature").locator("canvas")).to_be_visible()
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("36.6")
    run.log(8, temperature=36.7)
    expect(caption(page, "temperature")).to_have_text("step 8")
    expect(cards(page)).to_contain_text("36.7")


def test_a_later_metric_does_not_move_the_focused_chart(server: Server, page: Page) -> None:
    run = new_run(server.url, "later metric")
    for step in (1, 2, 3):
        run.log(step, train__loss=step)
    open_run(page, server.url, run.run_id)
    expect(caption(page, "Loss")).to_have_text("step 3")
    plot(page, "Loss").press("ArrowLeft")
    plot(page, "Loss").press("ArrowLeft")
    expect(caption(page, "Loss")).to_have_text("⌖ step 2")

    run.log(3, val__loss=9)

    expect(chart(page, "Loss").get_by_role("listitem")).to_contain_text(["train/loss", "val/loss"])
    expect(chart(page, "Loss").get_by_role("status")).to_have_text(["2", "9"])
    expect(caption(page, "Loss")).to_have_text("⌖ step 2")
    expect(plot(page, "Loss")).to_be_focused()
    expect(plot(page, "Loss").locator(".u-cursor-x")).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    expect(caption(page, "Loss")).to_have_text("⌖ step 1")


def test_5000_metrics_are_searchable_and_drawn_in_steps(server: Server, page: Page) -> None:
    run = new_run(server.url, "many metrics")
    names = [f"m{index:04d}" for index in range(NUM_METRICS)]
    for start in range(0, NUM_METRICS, MOST_PER_REQUEST):
        values = {name: float(name[1:]) for name in names[start : start + MOST_PER_REQUEST]}
        run.log_named(1, values)

    open_run(page, server.url, run.run_id)

    expect(page.get_by_text("More metrics (5,000)")).to_be_visible()
    expect(caption(page, "m0000")).to_have_text("step 1")
    assert page.locator("figure").count() <= MOST_CHARTS
    assert cards(page).count() <= MOST_CHARTS
    page.get_by_label("Find a metric").fill("m4321")
    expect(page.locator("figure")).to_have_count(1)
    expect(chart(page, "m4321").get_by_role("listitem")).to_contain_text("4,321")
    expect(caption(page, "m4321")).to_have_text("step 1")
    page.get_by_label("Find a metric").fill("nowhere")
    expect(page.get_by_text("No metric matches")).to_be_visible()
    page.get_by_label("Find a metric").fill("")
    page.get_by_role("button", name="Show 24 more").click()
    expect(page.locator("figure")).to_have_count(48)


def test_values_that_are_not_finite_are_counted_and_leave_a_gap(server: Server, page: Page) -> None:
    run = new_run(server.url, "gaps")
    values = [0.9, float("nan"), float("inf"), 0.7, float("-inf"), 0.5]
    for step, value in enumerate(values, 1):
        run.log(step, train__loss=value)

    open_run(page, server.url, run.run_id)

    expect(caption(page, "Loss")).to_have_text("step 6 · 3 not finite")
    expect(cards(page)).to_contain_text("0.5")
    expect(cards(page)).to_contain_text("best 0.5")
    # The same live, with such a value as the newest one.
    run.log(7, train__loss=float("nan"))
    expect(caption(page, "Loss")).to_have_text("step 7 · 4 not finite")
    expect(cards(page)).to_contain_text("NaN")
    run.log(8, train__loss=float("inf"))
    expect(caption(page, "Loss")).to_have_text("step 8 · 5 not finite")
    expect(cards(page)).to_contain_text("∞")
    page.get_by_label("Logarithmic").check()
    expect(caption(page, "Loss")).to_have_text("step 8 · 5 not finite")
    expect(page.get_by_role("alert").filter(has_text="loss")).to_be_visible()


def test_a_metric_without_finite_values_is_shown(server: Server, page: Page) -> None:
    run = new_run(server.url, "nothing but gaps")
    for step in (1, 2, 3):
        run.log(step, score=float("nan"))

    open_run(page, server.url, run.run_id)

    expect(caption(page, "score")).to_have_text("step 3 · 3 not finite")
    expect(cards(page)).to_contain_text("NaN")


def log_a_million(server: Server, run: LoggedRun, metric: str) -> None:
    """Log directly into the database: over HTTP a million points would take an hour."""
    with closing(sqlite3.connect(server.data_dir / "mlflow.db", timeout=60)) as database, database:
        database.execute(
            "WITH RECURSIVE point(step) AS "
            f"(VALUES (1) UNION ALL SELECT step + 1 FROM point WHERE step < {NUM_POINTS - 1}) "
            "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) "
            f"SELECT ?, ?, 1.0 / step, {START_MS} + step * {STEP_MS}, step, 0 FROM point",
            (run.run_id, metric),
        )
    # The server receives only the last point.
    run.log_named(NUM_POINTS, {metric: 1 / NUM_POINTS})


def test_zooming_into_a_million_points_loads_the_detail(server: Server, page: Page) -> None:
    run = new_run(server.url, "a million points")
    # No rule matches this metric: evaluating so many points would delay the alerts of other tests.
    log_a_million(server, run, "score")

    open_run(page, server.url, run.run_id)

    expect(caption(page, "score")).to_have_text("step 1,000,000")
    with page.expect_response(is_detail) as detail:
        plot(page, "score").press("+")
    assert detail.value.ok
    steps = [point["step"] for point in detail.value.json()]
    # Half of the curve, with as many points as the whole curve had.
    assert len(steps) > 1000
    assert NUM_POINTS * 0.2 < min(steps) < max(steps) < NUM_POINTS * 0.8
    expect(page.get_by_role("button", name="Show everything")).to_be_visible()
    plot(page, "score").press("0")
    expect(page.get_by_role("button", name="Show everything")).to_have_count(0)
    with page.expect_response(is_detail) as detail:
        drag(page, chart(page, "score").locator(".u-over"))
    assert detail.value.ok
    page.mouse.move(0, 0)
    run.log(NUM_POINTS + 1, score=0.25)
    expect(caption(page, "score")).to_have_text("step 1,000,001")


def is_detail(response: Response) -> bool:
    return "from_step=" in response.url


def drag(page: Page, over: Locator) -> None:
    """Drag over the middle third of a chart."""
    box = over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 2 / 3, middle, steps=4)
    page.mouse.up()


def test_markup_is_shown_as_text(server: Server, page_without_policy: Page) -> None:
    page = page_without_policy
    run = marked_run(server)
    # The server sends the newest run when a page opens; the page loads others, with all stored data.
    new_run(server.url, "newer")
    page.route(f"**/api/training/{run.run_id}/logs*", with_marked_lines)

    open_run(page, server.url, run.run_id)
    expect(page.get_by_role("heading", name=f"{MARKUP} run", level=1)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=MARKUP)).to_be_visible()
    expect(page.locator("#alerts").get_by_text(SCRIPT)).to_be_visible()
    # A prefix of the name, up to its dot, is the title of its panel.
    page.get_by_text(f"{MARKUP.partition('.')[0]} (1)").click()
    expect(caption(page, f"{MARKUP} metric")).to_contain_text("step 2")
    # The health line's summary contains the message, too.
    expect(page.get_by_text(f"{SCRIPT} message", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{SCRIPT} printed")).to_be_visible()
    matrix = page.locator("#confusion-matrix")
    expect(matrix.get_by_role("rowheader").filter(has_text=f"{MARKUP} class")).to_be_visible()
    matrix.get_by_role("gridcell").nth(1).focus()
    expect(matrix).to_contain_text(f"1 of 4 {MARKUP} class was classified as {SCRIPT} class")
    assert_nothing_ran(page)

    page.goto(f"{server.url}/monitor/#/")
    expect(page.get_by_role("link", name=f"{MARKUP} run")).to_be_visible()
    expect(page.get_by_role("link", name=f"{SCRIPT} experiment")).to_be_visible()
    expect(page.get_by_label("Experiment")).to_contain_text(f"{SCRIPT} experiment")
    assert_nothing_ran(page)

    page.goto(f"{server.url}/monitor/#/alerts")
    card = page.get_by_role("article").filter(has_text=MARKUP)
    expect(card.get_by_role("heading", name=MARKUP)).to_be_visible()
    expect(card).to_contain_text(f"{MARKUP} run")
    card.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note (optional)").fill(f"{SCRIPT} note")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text(f"{SCRIPT} note")
    assert_nothing_ran(page)


def marked_run(server: Server) -> LoggedRun:
    """A run with markup wherever MLflow, a file or another client may put it."""
    client = MlflowClient(server.url)
    experiment_id = client.create_experiment(f"{SCRIPT} experiment")
    run_id = client.create_run(experiment_id, run_name=f"{MARKUP} run").info.run_id
    client.log_param(run_id, "steps_per_epoch", "2")
    client.set_tag(run_id, "fovea.message", f"{SCRIPT} message")
    run = LoggedRun(client, run_id)
    run.log(1, val__accuracy=0.5)
    run.log(2, val__accuracy=0.5)
    run.log_evaluation(
        1,
        {
            "epoch": 1,
            "step": 2,
            "classes": [f"{MARKUP} class", f"{SCRIPT} class"],
            "confusion_matrix": [[3, 1], [0, 4]],
            "class_report": {f"{MARKUP} class": {"support": 4, "recall": 0.75}},
        },
    )
    # MLflow's client would reject the name.
    with closing(sqlite3.connect(server.data_dir / "mlflow.db", timeout=60)) as database, database:
        for table in ("metrics", "latest_metrics"):
            database.execute(
                f"INSERT INTO {table} (run_uuid, key, value, timestamp, step, is_nan) "
                "VALUES (?, ?, 0.5, ?, 2, 0)",
                (run_id, f"{MARKUP} metric", START_MS),
            )
    return run


def with_marked_lines(route: Route) -> None:
    route.fulfill(json=[{"level": "info", "message": f"{SCRIPT} printed"}])


def assert_nothing_ran(page: Page) -> None:
    expect(page.locator("img[src='x']")).to_have_count(0)
    assert page.evaluate("window.pwned") is None


def test_a_run_that_is_deleted_while_it_is_open_says_so(server: Server, page: Page) -> None:
    run = new_run(server.url, "short-lived")
    run.log(1, train__loss=0.5)
    open_run(page, server.url, run.run_id)
    expect(caption(page, "Loss")).to_have_text("step 1")
    expect(control(page, "Pause…")).not_to_have_attribute("aria-disabled", "true")

    run.client.delete_run(run.run_id)

    expect(health(page)).to_contain_text("Deleted")
    for name in ("Pause…", "Resume…", "Stop…"):
        expect(control(page, name)).to_have_attribute("aria-disabled", "true")
        expect(control(page, name)).to_contain_text("the run is deleted")
    expect(caption(page, "Loss")).to_have_text("step 1")


def test_the_beginning_of_an_id_opens_its_run(server: Server, page: Page) -> None:
    run = new_run(server.url, "abbreviated")

    page.goto(f"{server.url}/monitor/#/runs/{run.run_id[:12]}?epoch=1")

    expect(page.get_by_role("heading", name="abbreviated", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"#/runs/{run.run_id}\?epoch=1$"))


def test_an_unknown_run_is_reported_as_missing(
    server: Server, page: Page, complaints: list[str]
) -> None:
    open_run(page, server.url, "0" * 32)

    expect(page.get_by_text("There is no such run")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="All runs").click()
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
    forgive(complaints, "status of 404 .*0{32}")


def test_forbidden_commands_are_explained_at_the_buttons(
    server: Server, page: Page, complaints: list[str]
) -> None:
    run = new_run(server.url, "not mine")
    run.log(1, train__loss=0.5)
    page.route("**/api/training/pause?*", forbid)
    open_run(page, server.url, run.run_id)

    outcome = pause(page)

    expect(outcome).to_contain_text("You are not allowed to do that")
    expect(outcome).to_contain_text("Only its owner may command this run")
    for name in ("Pause…", "Resume…", "Stop…"):
        expect(control(page, name)).to_have_attribute("aria-disabled", "true")
        expect(control(page, name)).to_contain_text("you are not allowed to")
    forgive(complaints, "status of 403 .*api/training/pause")


def forbid(route: Route) -> None:
    refusal = {
        "error": "Only its owner may command this run",
        "error_code": "FORBIDDEN",
        "details": None,
        "timestamp": "2026-01-02T03:04:05Z",
        "request_id": "0123456789abcdef",
    }
    route.fulfill(status=403, content_type="application/json", body=json.dumps(refusal))


def test_a_pause_without_a_listener_is_reported_as_failed(
    server: Server, page: Page, complaints: list[str]
) -> None:
    run = new_run(server.url, "deaf")
    run.log(1, train__loss=0.5)
    open_run(page, server.url, run.run_id)

    outcome = pause(page)

    expect(outcome).to_contain_text("Failed")
    expect(outcome).to_contain_text("listen")
    expect(health(page)).to_contain_text("Healthy")
    expect(control(page, "Pause…")).not_to_have_attribute("aria-disabled", "true")
    forgive(complaints, "status of 409 .*api/training/pause")
