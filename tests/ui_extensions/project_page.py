"""The pages of a project, and how tests go through them."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.api.client.fake_ray import TrainingServer
from tests.api.predictions.fake_predictions import FakePredictions
from tests.api.projects.simulated_pipeline import SimulatedPipeline


def part(page: Page, title: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("region", name=title, exact=isinstance(title, str))


def open_project(page: Page, training: TrainingServer, project_id: str, shown_part: str) -> None:
    page.goto(f"{training.url}/monitor/#/projects/{project_id}?part={shown_part}")
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()


def upload(page: Page, training: TrainingServer, table: Path) -> None:
    """From the navigation to a project of the table whose target is not known."""
    page.goto(f"{training.url}/monitor/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Projects").click()
    page.get_by_role("link", name="New project").first.click()
    start = page.get_by_role("button", name=re.compile("^Upload and understand"))
    expect(start).to_have_attribute("aria-disabled", "true")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_label("What is to be predicted?").fill("Look at this")
    page.get_by_label("Name (optional)").fill("From a page")
    start.click()


def answer_question(page: Page) -> None:
    question = part(page, "A question before it goes on")
    expect(question).to_contain_text("Which column is to be predicted?")
    facts = part(page, "What the server understood")
    expect(facts).to_contain_text("40 rows, 3 columns")
    expect(facts).to_contain_text("Number: 3")
    question.get_by_label("b", exact=True).check()
    question.get_by_role("button", name="Answer and go on").click()
    expect(question).to_have_count(0)


def follow_to_the_result(page: Page, pipeline: SimulatedPipeline) -> None:
    stages = page.get_by_role("list", name="Stages").get_by_role("listitem")
    expect(stages).to_have_count(8)
    pipeline.release(5)
    expect(stages.nth(4)).to_have_attribute("aria-current", "step")
    expect(page.get_by_role("main")).to_contain_text(re.compile("about 30 secs? left"))
    expect(part(page, "Decisions on the way")).to_contain_text("Leaves out score")
    pipeline.release(3)
    score = part(page, "What the model is worth")
    expect(score).to_contain_text("Macro F1")
    expect(score).to_contain_text("95% interval 0.74 to 0.83")
    expect(score).to_contain_text("0.05 too much, more than chance explains")


def predict_a_row(page: Page, predictions: FakePredictions, num_inputs: int) -> None:
    form = part(page, "Predict one row")
    form.get_by_label("a", exact=True).fill("70,5")
    form.get_by_role("button", name="Predict and explain").click()
    answer = page.get_by_role("region", name="Prediction", exact=True)
    expect(answer).to_contain_text("calibrated probability 80.0%")
    expect(answer).to_contain_text("age is 70, which raises ill by 1.25")
    expect(answer).to_contain_text("outside the range seen in training")
    expect(answer).to_contain_text("Exactly: base value -0.5 and contributions 1.5 make 1")
    row = predictions.rows[-1]
    assert row["a"] == 70.5
    assert row["age"] is None
    assert len(row) == num_inputs


def predict_a_file(page: Page, predictions: FakePredictions, table: Path) -> None:
    page.locator("input[type=file]").set_input_files(table)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the CSV file").click()
    assert download.value.suggested_filename == "patients-predictions.csv"
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("row,outcome,confidence")
    assert len(lines) == 3
    assert predictions.files == [table.read_bytes()]


def delete(page: Page) -> None:
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the uploaded file patients.csv")
    expect(dialog).to_contain_text("nothing can be predicted with it then")
    dialog.get_by_role("button", name="Delete for good").click()
    deleted = page.get_by_role("dialog", name="The project is deleted")
    expect(deleted).to_contain_text("Versions of its model: 1")
    page.get_by_role("button", name="To the projects").click()
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
