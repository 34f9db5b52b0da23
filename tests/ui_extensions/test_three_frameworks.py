"""50 runs of three frameworks in one comparison: found, grouped by a param, overlaid and reported."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.servers import Server, fovea_server
from tests.ui_extensions.run_page import chart
from tests.ui_extensions.three_frameworks import NUM_RUNS, RATES

ALL = sum(NUM_RUNS.values())
TRAINING_S = 240
TRAINING_LOSSES = {
    "lightning": "train_loss",
    "huggingface": "train_loss",
    "xgboost": "train-logloss",
}
"""Which each names in its own way, and which share a chart."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("frameworks")
    with fovea_server(folder / "data") as running:
        command = [sys.executable, "-m", "tests.ui_extensions.three_frameworks", running.url]
        log = folder / "trainings.log"
        with log.open("wb") as output:
            code = subprocess.run(
                command, check=False, stdout=output, stderr=subprocess.STDOUT, timeout=TRAINING_S
            ).returncode
        assert code == 0, log.read_text()
        yield running


def test_50_runs_of_three_frameworks_are_grouped_overlaid_and_reported(
    server: Server, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/monitor/#/table?shape=flat")
    expect(page.get_by_role("status").filter(has_text=f"{ALL} runs")).to_be_visible()
    page.get_by_label("Group by").select_option("params.learning_rate")
    groups = page.get_by_role("region", name="Groups of runs").locator("tbody tr")
    expect(groups).to_have_count(len(RATES))
    expect(groups.first).to_contain_text(str(ALL // len(RATES)))

    page.get_by_label("Group by").select_option("")
    page.get_by_role("button", name=f"Select all {ALL}").click()
    page.get_by_role("link", name=f"Compare {ALL}").click()
    expect(page.get_by_role("heading", name=f"Compare {ALL} runs")).to_be_visible()
    legend = chart(page, "Loss · train").get_by_role("listitem")
    for framework, name in TRAINING_LOSSES.items():
        lines = legend.filter(has_text=framework).filter(has_text=f"({name})")
        expect(lines).to_have_count(NUM_RUNS[framework])

    page.get_by_role("button", name="Report…").click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download").click()
    report = tmp_path / "report.html"
    download.value.save_as(report)
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{ALL} runs")
    for framework in NUM_RUNS:
        expect(page.get_by_text(f"{framework} 00").first).to_be_attached()
