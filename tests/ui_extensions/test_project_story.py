"""A newcomer's way in a browser, with the real pipeline on Ray and the real service: table to planet."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.training.tables.exoplanets import kepler_table
from tests.ui_extensions.project_page import part
from tracking_plugin.ray_head import LocalHead

SLOW_MS = 200_000
"""Time for a job on Ray to begin and end, which takes a minute on an idle machine."""
BUDGET_MINUTES = "0.1"


@pytest.fixture
def server(tmp_path: Path, head: LocalHead) -> Iterator[Server]:
    environment = {
        "FOVEA_RAY_ADDRESS": head.address,
        "RAY_AUTH_TOKEN": head.token,
        "FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "FOVEA_SERVING_TOKEN": "secret",
        "FOVEA_SERVING_DEVICE": "cpu",
        "FOVEA_SERVING_SPOOL_DIR": str(tmp_path / "spool"),
    }
    with fovea_server(tmp_path / "data", "--with-serving", environment=environment) as running:
        yield running


@pytest.mark.timeout(900)
def test_from_a_dropped_table_to_why_an_object_is_a_planet(
    server: Server, page: Page, tmp_path: Path
) -> None:
    table = tmp_path / "cumulative.csv"
    table.write_text(kepler_table(120))
    page.goto(f"{server.url}/monitor/")
    drop(page, table)
    name_the_label(page)
    watch_the_stages(page)
    read_why_columns_are_left_out(page)
    ask_why_an_object_is_a_planet(page)
    find_it_in_the_galaxy(page)
    delete_it(page)
    assert httpx.get(f"{server.url}/api/v1/projects").json() == []


def drop(page: Page, table: Path) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Projects").click()
    page.get_by_role("link", name="New project").first.click()
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_label("What is to be predicted?").fill("Tell me more about these objects")
    page.get_by_label("Name (optional)").fill("Kepler")
    page.get_by_text(re.compile("^More settings")).click()
    page.get_by_label("Minutes for comparing models").fill(BUDGET_MINUTES)
    page.get_by_role("button", name=re.compile("^Upload and understand")).click()


def name_the_label(page: Page) -> None:
    question = part(page, "A question before it goes on")
    expect(question).to_contain_text("Which column is to be predicted?", timeout=SLOW_MS)
    question.get_by_label("koi_disposition", exact=True).check()
    question.get_by_role("button", name="Answer and go on").click()
    expect(question).to_have_count(0)


def watch_the_stages(page: Page) -> None:
    stages = page.get_by_role("list", name="Stages").get_by_role("listitem")
    expect(stages).to_have_count(8)
    expect(part(page, "Decisions on the way")).to_contain_text(
        "Leaves out koi_score", timeout=SLOW_MS
    )
    expect(part(page, "What the model is worth")).to_contain_text("Macro F1", timeout=SLOW_MS)
    expect(part(page, "What the model is worth")).to_contain_text("95% interval")


def read_why_columns_are_left_out(page: Page) -> None:
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Result").click()
    score = (
        part(page, "Columns that give the answer away")
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader", name="koi_score"))
    )
    expect(score).to_contain_text("the confidence in the disposition of the pipeline")
    expect(score).to_contain_text("Left out")


def ask_why_an_object_is_a_planet(page: Page) -> None:
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Predict").click()
    form = part(page, "Predict one row")
    form.get_by_label("koi_period", exact=True).fill("3.5")
    form.get_by_label("koi_prad", exact=True).fill("1.1")
    form.get_by_role("button", name="Predict and explain").click()
    answer = page.get_by_role("region", name="Prediction", exact=True)
    expect(answer).to_contain_text("koi_disposition is", timeout=SLOW_MS)
    exact = answer.get_by_text(re.compile("^Exactly: base value"))
    base, contributions, total = map(float, re.findall(r"-?\d+(?:\.\d+)?", exact.inner_text()))
    assert base + contributions == pytest.approx(total, abs=1e-4)


def find_it_in_the_galaxy(page: Page) -> None:
    page.get_by_role("link", name="Find it in the galaxy").click()
    expect(page.get_by_role("status").filter(has_text="The sky shows Kepler.")).to_have_count(1)
    card = part(page, "Chosen star")
    expect(card).to_contain_text("Model ready")
    card.get_by_role("link", name="Open the project").click()


def delete_it(page: Page) -> None:
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("dialog", name="The project is deleted")).to_be_visible()
    page.get_by_role("button", name="To the projects").click()
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
