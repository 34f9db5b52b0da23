"""One training in a browser: start form, alert, pause, resume, evaluation, stop, MLflow's page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.jobs.trainings import PARAMS, Trainings, trainings
from tests.ui_extensions.run_page import caption
from tracking_plugin.ray_head import LocalHead

SLOW_MS = 200_000
"""Time for a training to begin, which takes half a minute on an idle machine."""

LOOK_MS = 250
"""Between two looks at a chart."""

RULES = """\
rules:
  - name: untrained
    metric: val/accuracy
    below: 1.0
    recommendation: Train it for longer
"""


@pytest.fixture
def training(tmp_path: Path, head: LocalHead) -> Iterator[Trainings]:
    (tmp_path / "rules.yaml").write_text(RULES)
    with trainings(tmp_path, head, FOVEA_ALERT_RULES=str(tmp_path / "rules.yaml")) as training:
        yield training


@pytest.mark.timeout(900)
def test_a_training_of_two_ranks_from_start_to_stop(training: Trainings, page: Page) -> None:
    page.goto(f"{training.server.url}/monitor/")
    expect(page.get_by_role("banner").get_by_role("status")).to_contain_text("Live")
    expect(page.get_by_text("Nothing has been logged to this server yet")).to_be_visible()

    run_id = start_from_the_form(page, training)
    health = page.get_by_role("status", name="Health")
    expect(health).to_be_visible()
    wait_for_new_points(page)
    acknowledge_the_alert(page)

    command(page, "Pause", "Pause")
    expect(health).to_contain_text("Critical")
    expect(page.get_by_text("Acknowledged by every rank")).to_contain_text(
        "after step", timeout=SLOW_MS
    )
    expect(page.get_by_text("the accelerators are kept")).to_be_visible()
    expect(status(page)).to_contain_text("Paused")
    assert training.entry(run_id)["status"] == "paused"

    command(page, "Resume", "Resume")
    expect(status(page)).to_contain_text("Training", timeout=SLOW_MS)
    wait_for_new_points(page)

    read_the_confusion_matrix(page)
    command(page, "Stop", "Stop")
    expect(status(page)).to_contain_text("Stopped", timeout=SLOW_MS)
    assert training.outcomes(run_id) == [("pause", "done"), ("resume", "done"), ("stop", "done")]
    expect(page.get_by_role("button", name="Stop…")).to_have_attribute("aria-disabled", "true")

    page.get_by_role("link", name="Open in MLflow").click()
    expect(page).to_have_url(re.compile(f"runs/{run_id}"))
    panel = page.get_by_role("region", name="Fovea")
    expect(panel).to_contain_text("Stopped")
    expect(panel.get_by_role("link", name="dashboard")).to_have_attribute(
        "href", re.compile(f"monitor/#/runs/{run_id}")
    )


def start_from_the_form(page: Page, training: Trainings) -> str:
    """The new run's id."""
    page.get_by_role("button", name="Start a training…").click()
    form = page.get_by_role("dialog", name="Start a training")
    field(form, "Data folder").fill(str(training.data))
    field(form, "Workers").fill("2")
    field(form, "Preset").select_option(str(PARAMS["preset"]))
    field(form, "Epochs").fill("5000")
    field(form, "Batch size").fill(str(PARAMS["batch_size"]))
    # Too small a rate to learn anything, so that the alert stays open.
    field(form, "Learning rate").fill("1e-12")
    form.get_by_text(re.compile("^More settings")).click()
    field(form, "Backbone").fill(str(PARAMS["backbone"]))
    field(form, "Image size").fill(str(PARAMS["image_size"]))
    form.get_by_role("button", name="Start", exact=True).click()
    expect(page).to_have_url(re.compile("#/runs/[0-9a-f]{32}"), timeout=SLOW_MS)
    return page.url.rpartition("/")[2]


def status(page: Page) -> Locator:
    """The line below the run's name, with its status."""
    return page.get_by_role("heading", level=1).locator("xpath=following-sibling::p")


def field(form: Locator, label: str) -> Locator:
    return form.get_by_label(label, exact=True)


def wait_for_new_points(page: Page) -> None:
    """Wait until the caption of the loss chart names a later step."""
    before = place_on_the_chart(page, "")
    place_on_the_chart(page, before)


def place_on_the_chart(page: Page, before: str) -> str:
    """The caption of the loss chart once it names a step and differs from `before`.

    Charts are drawn only while they are visible, and what appears above them pushes them down.
    """
    place = caption(page, "Loss")
    for _ in range(SLOW_MS // LOOK_MS):
        place.scroll_into_view_if_needed(timeout=SLOW_MS)
        text = place.inner_text()
        if "step" in text and text != before:
            return text
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError(f"the loss chart stayed at {before or 'no step'!r}")


def acknowledge_the_alert(page: Page) -> None:
    banner = page.get_by_role("alert").filter(has_text="untrained")
    expect(banner).to_be_visible(timeout=SLOW_MS)
    banner.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog", name="Acknowledge untrained?")
    dialog.get_by_label("Note (optional)").fill("Seen; it is a test")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(dialog).not_to_be_visible()
    expect(banner).not_to_be_visible()
    expect(page.locator("#alerts").get_by_text("Seen; it is a test")).to_be_visible()


def command(page: Page, action: str, confirmation: str) -> None:
    page.get_by_role("button", name=f"{action}…").click()
    page.get_by_role("dialog").get_by_role("button", name=confirmation, exact=True).click()


def read_the_confusion_matrix(page: Page) -> None:
    matrix = page.locator("#confusion-matrix")
    matrix.scroll_into_view_if_needed()
    cell = matrix.get_by_role("gridcell").first
    expect(cell).to_be_visible(timeout=SLOW_MS)
    cell.hover()
    expect(matrix).to_contain_text(re.compile(r"\d+ of \d+"))
