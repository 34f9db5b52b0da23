"""The panel inside MLflow's own pages, in a real browser on a real server."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from playwright.sync_api import Browser, FloatRect, Locator, Page, WebSocket, expect

from api.client import FoveaClient
from tests.api.client.simulated_loop import SimulatedLoop, simulated_loop
from tests.servers import Server, fovea_server
from tests.ui_extensions.axe import AXE
from tests.waiting import until

SCRIPT = "**/monitor/panel.js"

# MLflow's page requests the current user even without authentication.
_MLFLOWS_OWN = re.compile(r"/ajax-api/2\.0/mlflow/users/current\)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("panel") / "data") as running:
        yield running


@pytest.fixture
def mlflow(server: Server, page: Page, complaints: list[str]) -> Iterator[Page]:
    """A page for MLflow; only errors of MLflow's own are allowed in its console."""
    yield page
    # Errors that are still to come arrive before this.
    page.close()
    complaints[:] = ours(complaints)


@pytest.fixture
def loop(server: Server) -> Iterator[SimulatedLoop]:
    with simulated_loop(server.url) as running:
        yield running


def open_run(page: Page, url: str, run_id: str, then: str = "") -> Locator:
    """The panel on the page of a run."""
    page.goto(f"{url}/#/experiments/0/runs/{run_id}{then}")
    return panel_of(page)


def panel_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Fovea")


def word(panel: Locator) -> Locator:
    """The run's status in the panel."""
    return panel.get_by_role("status").first


def sockets_of(page: Page) -> list[WebSocket]:
    """The sockets that the page opens from now on."""
    sockets: list[WebSocket] = []

    # Playwright sets an attribute on listeners, which a bound method does not allow.
    def keep(socket: WebSocket) -> None:
        sockets.append(socket)

    page.on("websocket", keep)
    return sockets


def num_sockets(server: Server) -> int:
    """The number of connections that the server has open."""
    return int(httpx.get(f"{server.url}/api/health").json()["num_sockets"])


def button(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("button", name=name, exact=True)


def finished_run(url: str) -> str:
    client = MlflowClient(url)
    run_id = str(client.create_run("0", run_name="finished").info.run_id)
    client.set_terminated(run_id)
    return run_id


def test_a_run_is_paused_and_resumed_from_its_page_in_mlflow(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)
    expect(word(panel)).to_have_text("Training")
    expect(panel).to_contain_text("● Live")
    expect(panel.get_by_role("link", name="dashboard")).to_have_attribute(
        "href", f"{server.url}/monitor/#/runs/{loop.run_id}"
    )

    button(panel, "Pause…").click()
    button(panel, "Hold").click()

    expect(panel).to_contain_text("Pause: acknowledged by every rank.")
    expect(panel).to_contain_text(re.compile("The run is paused after step .* keeps its"))
    expect(word(panel)).to_have_text("Paused")
    held_at = loop.step

    button(panel, "Resume").click()

    expect(panel).to_contain_text("The run goes on after step")
    expect(word(panel)).to_have_text("Training")
    until(lambda: loop.step > held_at, "the next step")
    expect(button(panel, "Pause…")).to_be_visible()


def test_a_run_is_stopped_only_once_that_is_confirmed(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)

    button(panel, "Stop…").click()
    expect(button(panel, "Cancel")).to_be_focused()
    mlflow.keyboard.press("Escape")
    expect(button(panel, "Stop the run")).to_be_hidden()
    expect(button(panel, "Stop…")).to_be_focused()
    expect(word(panel)).to_have_text("Training")

    mlflow.keyboard.press("Enter")
    button(panel, "Stop the run").click()

    expect(word(panel)).to_have_text("Stopped")
    assert loop.mlflow_status == "KILLED"
    expect(button(panel, "Stop…")).to_be_hidden()


def test_a_confirmation_does_not_carry_over_to_the_next_run(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)
    button(panel, "Stop…").click()

    with simulated_loop(server.url) as other:
        open_run(mlflow, server.url, other.run_id)

        expect(button(panel, "Stop…")).to_be_visible()
        expect(button(panel, "Stop the run")).to_be_hidden()


def test_a_pending_command_is_not_shown_as_done(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)
    loop.may_step.clear()

    button(panel, "Pause…").click()
    button(panel, "Hold").click()

    expect(word(panel)).to_have_text("Pausing…")
    expect(panel).to_contain_text("Pause: sent; waiting for every rank to acknowledge…")
    loop.may_step.set()
    expect(panel).to_contain_text("Pause: acknowledged by every rank.")


def test_a_refusal_shows_the_servers_message(
    server: Server, mlflow: Page, loop: SimulatedLoop, complaints: list[str]
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)

    button(panel, "Pause…").click()
    button(panel, "Release").click()

    expect(panel).to_contain_text("Pause: failed.")
    expect(panel).to_contain_text("was not started by this server")
    expect(word(panel)).to_have_text("Training")
    button(panel, "Close this message").click()
    expect(panel.get_by_text("Pause: failed.")).to_be_hidden()
    assert "409" in complaints.pop(), "the browser's own word for a refusal"


def test_a_forbidden_command_says_so(
    server: Server, mlflow: Page, loop: SimulatedLoop, complaints: list[str]
) -> None:
    refusal = {"error": "Only its owner may", "error_code": "FORBIDDEN"}
    mlflow.route("**/api/training/pause?*", lambda route: route.fulfill(status=403, json=refusal))
    panel = open_run(mlflow, server.url, loop.run_id)

    button(panel, "Pause…").click()
    button(panel, "Hold").click()

    expect(panel.get_by_text("Pause: you are not allowed to do that.")).to_be_visible()
    expect(panel.get_by_text("Only its owner may")).to_be_visible()
    expect(button(panel, "Stop…")).to_have_attribute("aria-disabled", "true")
    expect(panel.get_by_text("You are not allowed to.", exact=True)).to_be_visible()
    button(panel, "Stop…").click(force=True)
    expect(button(panel, "Stop the run")).to_be_hidden()
    assert "403" in complaints.pop()


def test_an_alert_appears_at_once_and_disappears_when_it_ends(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    client = MlflowClient(server.url)
    panel = open_run(mlflow, server.url, loop.run_id)
    expect(word(panel)).to_have_text("Training")
    alerts = panel.get_by_role("list", name="Open alerts")
    expect(alerts).to_be_hidden()

    client.log_metric(loop.run_id, "train/loss", float("nan"), step=3)

    expect(alerts.get_by_role("listitem")).to_contain_text("Critical loss_not_finite")
    expect(alerts).to_contain_text("train/loss is NaN at step 3")
    expect(panel.get_by_role("alert")).to_contain_text("Critical alert: loss_not_finite")
    mlflow.reload()
    expect(alerts).to_contain_text("Critical loss_not_finite")

    clears = [Metric("train/loss", 0.5, 0, step) for step in range(4, 14)]
    client.log_batch(loop.run_id, metrics=clears)
    expect(alerts).to_be_hidden()


def test_markup_of_a_run_is_shown_as_text(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    said = "<img src=x onerror=\"throw new Error('markup')\"> is what it says"
    MlflowClient(server.url).set_tag(loop.run_id, "fovea.message", said)

    panel = open_run(mlflow, server.url, loop.run_id)

    expect(panel.get_by_text(said)).to_be_visible()


def test_progress_is_shown_in_numbers_and_time(server: Server, mlflow: Page) -> None:
    client = MlflowClient(server.url)
    run_id = str(client.create_run("0").info.run_id)
    client.log_param(run_id, "total_epochs", 4)
    client.log_param(run_id, "steps_per_epoch", 25)
    panel = open_run(mlflow, server.url, run_id)
    expect(word(panel)).to_have_text("Training")

    for step in (10, 30):
        client.log_metric(run_id, "train/loss", 0.5, step=step)

    expect(panel).to_contain_text(re.compile(r"Epoch 2 of 4 · step 30 · about .+ left"))
    bar = panel.get_by_role("progressbar", name="Progress")
    expect(bar).to_have_attribute("aria-valuenow", "30")
    client.set_terminated(run_id)
    expect(bar).to_have_attribute("aria-valuenow", "100")


def test_the_panel_closes_with_the_runs_page(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    sockets = sockets_of(mlflow)
    panel = open_run(mlflow, server.url, loop.run_id)
    expect(panel).to_contain_text("● Live")
    assert [loop.run_id in socket.url for socket in sockets] == [True]

    mlflow.get_by_role("tab", name="Artifacts").click()
    expect(mlflow).to_have_url(re.compile("/artifacts"))
    expect(panel).to_contain_text("● Live")
    assert len(sockets) == 1, "another tab of the same run is the same run"

    mlflow.goto(f"{server.url}/#/models")
    expect(panel).to_be_hidden()
    until(lambda: num_sockets(server) == 0, "the end of the run's socket")
    open_run(mlflow, server.url, loop.run_id)
    expect(panel).to_contain_text("● Live")


def test_outdated_values_are_marked(
    server: Server, mlflow: Page, loop: SimulatedLoop, complaints: list[str]
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)
    expect(panel).to_contain_text("● Live")

    mlflow.context.set_offline(True)
    expect(panel).to_contain_text("Not live since")
    expect(word(panel)).to_have_text("Last known: Training")

    mlflow.context.set_offline(False)
    expect(panel).to_contain_text("● Live")
    expect(word(panel)).to_have_text("Training")
    # The browser and MLflow log errors of a lost network; the panel logs none.
    panels = [each for each in complaints if "panel" in each]
    assert [each for each in panels if not each.startswith("WebSocket connection to")] == []
    complaints.clear()


def test_folding_and_moving_are_remembered(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    panel = open_run(mlflow, server.url, loop.run_id)
    fold = button(panel, "Progress, alerts and control")
    handle = panel.get_by_role("button", name="Move the panel")
    fold.click()
    expect(button(panel, "Stop…")).to_be_hidden()
    expect(word(panel)).to_be_visible()
    before = box_of(panel)

    handle.click()
    expect(fold).to_have_attribute("aria-expanded", "false")
    assert box_of(panel)["x"] < 100 < before["x"]
    handle.press("ArrowUp")
    drag(mlflow, handle, 300, -200)
    moved = box_of(panel)
    assert moved["x"] == pytest.approx(box_of(handle)["x"], abs=20)
    assert moved["y"] < before["y"] - 200

    mlflow.reload()
    expect(fold).to_have_attribute("aria-expanded", "false")
    assert box_of(panel) == pytest.approx(moved, abs=2)

    mlflow.set_viewport_size({"width": 400, "height": 300})
    until(lambda: box_of(panel)["y"] >= 0, "the panel inside of the window")
    assert box_of(panel)["x"] + box_of(panel)["width"] <= 400


def test_it_speaks_french_on_a_phone(server: Server, browser: Browser, loop: SimulatedLoop) -> None:
    context = browser.new_context(locale="fr-FR", viewport={"width": 320, "height": 640})
    page = context.new_page()
    panel = open_run(page, server.url, loop.run_id)
    expect(word(panel)).to_have_text("Entraînement")
    fold = panel.get_by_role("button", name="Progression, alertes et commandes")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.click()
    button(panel, "Mettre en pause…").click()

    whole = box_of(panel)
    assert whole["x"] >= 0
    assert whole["x"] + whole["width"] <= 320
    assert whole["y"] >= 0
    sizes = [box_of(each) for each in panel.get_by_role("button").all()]
    assert all(size["width"] >= 24 and size["height"] >= 24 for size in sizes)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(
    server: Server, browser: Browser, loop: SimulatedLoop, scheme: Any
) -> None:
    MlflowClient(server.url).log_metric(loop.run_id, "train/loss", float("nan"), step=3)
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    panel = open_run(page, server.url, loop.run_id)
    expect(panel).to_contain_text("● Live")
    expect(panel).to_contain_text("loss_not_finite")
    button(panel, "Stop…").click()
    is_dark = page.evaluate("document.querySelector('fovea-panel').hasAttribute('data-dark')")
    assert is_dark == (scheme == "dark")

    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run('fovea-panel')")

    assert [each["id"] for each in found["violations"]] == []
    assert {"color-contrast", "button-name"} <= {each["id"] for each in found["passes"]}
    context.close()


def mark_of(page: Page, run_id: str) -> str:
    """The sign before the run's name in MLflow's table."""
    link = page.locator(f'a[href$="/runs/{run_id}"]').first
    return str(link.evaluate("link => getComputedStyle(link, '::before').content"))


def test_live_runs_are_marked_in_mlflows_table(
    server: Server, mlflow: Page, loop: SimulatedLoop
) -> None:
    finished = finished_run(server.url)
    mlflow.goto(f"{server.url}/#/experiments/0/runs")
    link = mlflow.locator(f'a[href$="/runs/{loop.run_id}"]').first
    expect(link).to_be_visible()

    until(lambda: mark_of(mlflow, loop.run_id) == '"▶ " / "Training: "', "the mark")
    assert mark_of(mlflow, finished) == "none"
    # Screen readers read the mark with the link.
    expect(mlflow.get_by_role("link", name=re.compile("Training: loop-"))).not_to_have_count(0)
    assert "Training" not in link.evaluate("link => link.outerHTML"), "MLflow's own elements"

    MlflowClient(server.url).log_metric(loop.run_id, "train/loss", float("nan"), step=3)
    until(lambda: "✖" in mark_of(mlflow, loop.run_id), "the alert")
    with FoveaClient(server.url) as client:
        client.stop(loop.run_id)
    until(lambda: mark_of(mlflow, loop.run_id) == "none", "the end")


def test_marks_disappear_with_the_page(server: Server, mlflow: Page, loop: SimulatedLoop) -> None:
    mlflow.goto(f"{server.url}/#/experiments/0/runs")
    until(lambda: num_sheets(mlflow) == 1, "the stylesheet")

    mlflow.goto(f"{server.url}/#/models")

    until(lambda: num_sheets(mlflow) == 0, "no stylesheet")


def num_sheets(page: Page) -> int:
    return int(page.evaluate("document.adoptedStyleSheets.length"))


BROKEN = {
    "blocked": (lambda route: route.abort(), "ERR_FAILED"),
    "missing": (lambda route: route.fulfill(status=503, body="not built"), "503"),
    "throwing": (lambda route: route.fulfill(body="throw new Error('broken')"), "broken"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_mlflow_works_the_same_where_the_script_does_not(
    server: Server, mlflow: Page, loop: SimulatedLoop, complaints: list[str], way: str
) -> None:
    answer, complaint = BROKEN[way]
    mlflow.route(SCRIPT, answer)

    walk_through(mlflow, server.url, loop.run_id)

    # The script was requested, and nothing else failed.
    assert ours(complaints) != []
    assert [each for each in ours(complaints) if complaint not in each] == []
    complaints.clear()


def test_mlflow_works_the_same_on_a_server_without_its_api(
    server: Server, mlflow: Page, loop: SimulatedLoop, complaints: list[str]
) -> None:
    sockets = sockets_of(mlflow)
    mlflow.route(re.compile(r"/api/(runs|alerts)"), lambda route: route.fulfill(status=404))

    walk_through(mlflow, server.url, loop.run_id)

    expect(panel_of(mlflow)).to_be_hidden()
    assert sockets == []
    assert {re.sub(r".*/api/(\w+).*", r"\1", each) for each in ours(complaints)} == {"runs"}
    complaints.clear()


def test_mlflow_works_the_same_with_it(server: Server, mlflow: Page, loop: SimulatedLoop) -> None:
    walk_through(mlflow, server.url, loop.run_id)

    expect(panel_of(mlflow)).to_be_visible()
    names = mlflow.evaluate("Object.keys(window).filter(name => /fovea|panel/i.test(name))")
    assert names == []


def walk_through(page: Page, url: str, run_id: str) -> None:
    """Follow MLflow's links from the table to a run's page and one of its tabs."""
    page.goto(f"{url}/#/experiments/0/runs")
    page.locator(f'a[href$="/runs/{run_id}"]').first.click()
    expect(page.get_by_role("heading", name=re.compile("loop-"))).to_be_visible()
    page.get_by_role("tab", name="Model metrics").click()
    expect(page).to_have_url(re.compile("/model-metrics"))


def ours(complaints: list[str]) -> list[str]:
    return [each for each in complaints if not _MLFLOWS_OWN.search(each)]


def box_of(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return box


def drag(page: Page, handle: Locator, by_x: float, by_y: float) -> None:
    box = box_of(handle)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_x, y + by_y, steps=5)
    page.mouse.up()
