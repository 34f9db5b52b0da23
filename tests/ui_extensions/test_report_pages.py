"""The report of a run, and of a comparison, from the dashboard's button to a PDF."""

import re
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Locator, Page, expect

from tests.api.logged_runs import LoggedRun
from tests.api.reports.made_facts import SCORES
from tests.servers import Server, fovea_server
from tests.ui_extensions.axe import AXE, violations
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.run_page import new_run, open_run

NAME = "<b>bold</b> 😀 العربية"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("report_pages")) as running:
        yield running


@pytest.fixture(scope="module")
def runs(server: Server) -> list[LoggedRun]:
    """The first one has an evaluation."""
    made = [new_run(server.url, name, lr="0.1", note=NAME) for name in (NAME, "other")]
    for run in made:
        for step in range(1, 50):
            run.log(step, val__loss=1 / step, train__loss=1.1 / step)
        run.client.set_terminated(run.run_id)
    made[0].client.log_dict(made[0].run_id, SCORES, "evaluation/test/scores.json")
    return made


def dialog(page: Page) -> Locator:
    page.get_by_role("button", name="Report…").click()
    found = page.get_by_role("dialog", name="Report")
    expect(found.get_by_role("link", name="Open the report")).to_be_visible()
    return found


def opened(page: Page, asked: Locator) -> Page:
    """The report, in a new tab."""
    with page.context.expect_page() as tab:
        asked.get_by_role("link", name="Open the report").click()
    tab.value.wait_for_load_state()
    return tab.value


def test_the_report_of_a_run_is_opened_stored_and_printed(
    server: Server, runs: list[LoggedRun], page: Page
) -> None:
    page.context.add_init_script(path=AXE)
    open_run(page, server.url, runs[0].run_id)
    asked = dialog(page)
    assert violations(page) == []
    asked.get_by_role("button", name="Keep as an artifact").click()
    expect(asked.get_by_role("status")).to_contain_text(
        re.compile(r"Kept as reports/model-card-.+\.html of the run\.")
    )

    report = opened(page, asked)

    expect(report.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(report.get_by_role("row", name="accuracy 0.91 0.86 to 0.95")).to_be_visible()
    expect(report.get_by_role("img", name="loss")).to_be_visible()
    for scheme in ("light", "dark"):
        report.emulate_media(color_scheme=scheme)
        assert violations(report) == []
    pdf = report.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 12
    stored = MlflowClient(server.url).list_artifacts(runs[0].run_id, "reports")
    assert len(stored) == 1


def test_a_comparison_fits_a_phone(server: Server, runs: list[LoggedRun], page: Page) -> None:
    page.context.add_init_script(path=AXE)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/monitor/#/compare?runs={','.join(run.run_id for run in runs)}")
    asked = dialog(page)
    asked.get_by_label("Language of the report").select_option("fr")

    report = opened(page, asked)

    report.set_viewport_size({"width": 390, "height": 844})
    expect(report.get_by_role("heading", level=1)).to_have_text("Comparaison de 2 entraînements")
    assert report.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(report) == []


def test_a_refused_report_says_why(
    server: Server, runs: list[LoggedRun], page: Page, complaints: list[str]
) -> None:
    refusal = {"error": "Too many reports are being made", "error_code": "UNAVAILABLE"}
    page.route(re.compile("/runs/report"), lambda route: route.fulfill(status=503, json=refusal))
    open_run(page, server.url, runs[1].run_id)
    asked = dialog(page)
    asked.get_by_role("button", name="Keep as an artifact").click()

    expect(asked).to_contain_text("Too many reports are being made")
    expect(asked.get_by_role("button", name="Keep as an artifact")).to_be_enabled()
    forgive(complaints, "503")
