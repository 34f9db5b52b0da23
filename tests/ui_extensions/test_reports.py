"""The evaluation reports on a run's page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.servers import Server, fovea_server
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.run_page import new_run, open_run

SCORES: dict[str, Any] = {
    "num_images": 840,
    "metrics": {
        "accuracy": {"value": 0.91, "interval": [0.89, 0.93]},
        "kappa": {"value": 0.875, "interval": None},
    },
    "critical_conditions": [
        {
            "name": "Retinal_Detachment",
            "floor": 0.99,
            "support": 13,
            "sensitivity": {"value": 0.923, "interval": [0.667, 0.986]},
            "verdict": "below_floor",
        }
    ],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("reports")) as running:
        yield running


def reports(page: Page) -> Locator:
    return page.get_by_role("region", name="Reports")


@pytest.fixture
def evaluated_run(server: Server) -> str:
    """A finished run with a checkpoint and one evaluation."""
    run = new_run(server.url, "evaluated")
    client, run_id = run.client, run.run_id
    client.log_text(run_id, "x", "checkpoints/best.txt")
    client.log_text(run_id, "<h1>Clinical report</h1>", "evaluation/test/clinical_report.html")
    client.log_text(run_id, json.dumps(SCORES), "evaluation/test/scores.json")
    client.set_terminated(run_id)
    return run_id


def test_a_report_shows_its_scores_and_links_to_its_page(
    server: Server, evaluated_run: str, page: Page
) -> None:
    open_run(page, server.url, evaluated_run)

    card = reports(page).get_by_role("listitem").first
    expect(card.get_by_role("heading", name="test")).to_be_visible()
    expect(card).to_contain_text("840 images")
    expect(card).to_contain_text("0.91 (0.89 to 0.93)")
    expect(card).to_contain_text("Retinal Detachment")
    expect(card).to_contain_text("below its floor")
    expect(card).to_contain_text("92.3% (66.7% to 98.6%)")
    card.get_by_role("link", name="Open the report").click()
    expect(page).to_have_url(re.compile(f"{evaluated_run}/artifacts/evaluation/test/clinical_"))
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Clinical report")


def test_an_evaluation_that_the_server_refuses_says_why(
    server: Server, evaluated_run: str, page: Page, complaints: list[str]
) -> None:
    open_run(page, server.url, evaluated_run)
    requests: list[object] = []

    def refuse(route: Route) -> None:
        requests.append(route.request.post_data_json)
        body = json.dumps({"error": "The data set is gone", "error_code": "CONFLICT"})
        route.fulfill(status=409, content_type="application/json", body=body)

    page.route("**/api/jobs", refuse)
    reports(page).get_by_role("button", name="Evaluate…").click()
    dialog = page.get_by_role("dialog", name="Evaluate this run")
    dialog.get_by_label("Split").select_option("Validation")
    dialog.get_by_label("Modality").select_option("OCT")
    dialog.get_by_label(re.compile("Test-time augmentation")).check()
    dialog.get_by_role("button", name="Evaluate").click()

    expect(dialog.get_by_role("alert")).to_contain_text("The data set is gone")
    params = {"run_id": evaluated_run, "split": "val", "modality": "oct", "tta": True}
    assert requests == [{"kind": "evaluate", "params": params}]
    forgive(complaints, "409")


def test_a_run_without_a_model_has_no_reports(server: Server, page: Page) -> None:
    run = new_run(server.url, "plain")
    run.client.set_terminated(run.run_id)
    open_run(page, server.url, run.run_id)

    expect(page.get_by_role("region", name="Images")).to_contain_text("no images yet")
    expect(reports(page)).to_have_count(0)
