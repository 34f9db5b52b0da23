"""The pages of projects: from an upload over its question and stages to predictions and its end."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Page, expect

from tests.api.client.fake_ray import FakeRay, TrainingServer, training_server
from tests.api.predictions.fake_predictions import FakePredictions, fake_predictions
from tests.api.projects.image_archive import image_archive
from tests.api.projects.project_client import TABLE, UNCLEAR, ProjectClient
from tests.api.projects.simulated_pipeline import SimulatedPipeline, register
from tests.ports import LOOPBACK, free_port
from tests.ui_extensions.axe import violations
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.project_page import (
    answer_question,
    delete,
    follow_to_the_result,
    open_project,
    part,
    predict_a_file,
    predict_a_row,
    upload,
)
from tests.ui_extensions.project_results import HOSTILE_NAMES, MARKUP, evaluation, leaks, ranked
from tests.ui_extensions.test_accessibility import shown

INPUTS = ("a", "age", "height", "smokes", "visits")
NUM_CLASSES = 500
NUM_COLUMNS = 2000
SIZES = {"desktop": (1440, "en-GB"), "phone in French": (390, "fr-FR")}


@pytest.fixture(scope="module")
def pipeline() -> SimulatedPipeline:
    classes = [*HOSTILE_NAMES, *(f"class {at}" for at in range(NUM_CLASSES - len(HOSTILE_NAMES)))]
    return SimulatedPipeline(
        leaks=leaks(["score", *HOSTILE_NAMES]),
        evaluation=evaluation(classes),
        ranked=ranked(60),
        deployment={"input_columns": [*INPUTS, *(f"column {at}" for at in range(NUM_COLUMNS))]},
    )


@pytest.fixture(autouse=True)
def reset(pipeline: SimulatedPipeline) -> Iterator[None]:
    """Let the runs of a test end, so that they do not take the turns of those of the next one."""
    yield
    pipeline.reset()


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def predictions(port: int) -> Iterator[FakePredictions]:
    with fake_predictions(port) as service:
        yield service


@pytest.fixture(scope="module")
def training(
    pipeline: SimulatedPipeline, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainingServer]:
    environment = {"FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{port}"}
    folder = tmp_path_factory.mktemp("project_pages")
    with training_server(folder, FakeRay(pipeline=pipeline.run), environment) as running:
        yield running


@pytest.fixture(scope="module")
def projects(training: TrainingServer, predictions: FakePredictions) -> Iterator[ProjectClient]:
    with httpx.Client(base_url=f"{training.url}/api/v1", timeout=60) as http:
        yield ProjectClient(http, training.server)


@pytest.fixture(scope="module")
def completed_id(projects: ProjectClient) -> str:
    """A project with markup, emoji and Arabic in its name and sentence, for tests that only read."""
    sentence = f"Predict the outcome {' '.join(HOSTILE_NAMES)}"
    made = projects.create(project_name=f"{MARKUP} مشروع", problem_description=sentence)
    projects.until_status(made["project_id"], "completed")
    return str(made["project_id"])


@pytest.fixture(scope="module")
def images_id(projects: ProjectClient, training: TrainingServer) -> str:
    """A project of images whose training has ended, and whose model is registered."""
    made = projects.create(image_archive(), "eyes.zip", project_name="eyes")
    detail = projects.until_status(made["project_id"], "completed")
    register(MlflowClient(training.url), detail["run_id"], f"project-{made['project_id']}")
    return str(made["project_id"])


def test_a_project_of_images_leads_to_its_run_and_to_the_diagnosis(
    training: TrainingServer, projects: ProjectClient, images_id: str, page: Page
) -> None:
    open_project(page, training, images_id, "predict")
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"start it with --model project-{images_id}.")
    main.get_by_role("link", name="Diagnose an image").click()
    expect(page).to_have_url(re.compile("#/diagnose$"))
    open_project(page, training, images_id, "result")
    main.get_by_role("link", name="See the evaluations of its run").click()
    expect(page).to_have_url(re.compile(f"#/runs/{projects.get(images_id)['run_id']}$"))


def test_from_an_upload_to_predictions_and_its_end(
    training: TrainingServer,
    projects: ProjectClient,
    pipeline: SimulatedPipeline,
    predictions: FakePredictions,
    page: Page,
    tmp_path: Path,
) -> None:
    table = tmp_path / "patients.csv"
    table.write_text(UNCLEAR)
    pipeline.waits = True
    upload(page, training, table)
    answer_question(page)
    follow_to_the_result(page, pipeline)
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Predict").click()
    predict_a_row(page, predictions, len(INPUTS) + NUM_COLUMNS)
    predict_a_file(page, predictions, table)
    delete(page)
    assert "From a page" not in [it["project_name"] for it in projects.http.get("/projects").json()]


def test_a_refused_file_says_what_to_do_and_the_form_stays(
    training: TrainingServer,
    projects: ProjectClient,
    page: Page,
    complaints: list[str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "notes.bin"
    file.write_bytes(bytes(range(256)) * 8)
    page.goto(f"{training.url}/monitor/#/projects/new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("What is to be predicted?").fill("Anything")
    page.get_by_role("button", name=re.compile("^Upload and understand")).click()
    expect(page.get_by_text("This is no file that can be learned from.")).to_be_visible()
    expect(page.get_by_label("What is to be predicted?")).to_have_value("Anything")
    forgive(complaints, "415")


def test_a_lost_connection_is_said_and_the_page_asks_meanwhile(
    training: TrainingServer, projects: ProjectClient, pipeline: SimulatedPipeline, page: Page
) -> None:
    pipeline.waits = True
    project_id = projects.create(project_name="without a socket")["project_id"]
    page.route_web_socket(re.compile("/ws/projects/"), lambda socket: socket.close(code=1013))
    open_project(page, training, project_id, "overview")
    note = page.get_by_role("status").filter(has_text="asks for its state every 5 sec")
    expect(note).to_be_visible()
    pipeline.release(2)
    stages = page.get_by_role("list", name="Stages").get_by_role("listitem")
    expect(stages.nth(1)).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="Stop…").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Stopped")


def test_a_leak_is_overruled_with_who_and_why(
    training: TrainingServer, projects: ProjectClient, page: Page
) -> None:
    # The stand-in flags a column of this table.
    table = TABLE.replace("visits", "score", 1)
    project_id = projects.create(table, project_name="overruled")["project_id"]
    projects.until_status(project_id, "completed")
    open_project(page, training, project_id, "result")
    page.get_by_role("button", name="Use it… (score)").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who decides that").fill("Dr Ada")
    dialog.get_by_label(re.compile("^Why the column")).fill("Known at admission")
    dialog.get_by_role("button", name="Use it and start again").click()
    expect(dialog).to_have_count(0)
    flagged = page.get_by_role("region", name="Flagged columns")
    expect(flagged).to_contain_text(re.compile("by Dr Ada, .*: Known at admission"))
    [override] = projects.get(project_id)["overrides"]
    assert (override["column"], override["reason"]) == ("score", "Known at admission")


def test_many_columns_and_classes_are_cut_and_found_by_a_search(
    training: TrainingServer, completed_id: str, page: Page
) -> None:
    open_project(page, training, completed_id, "result")
    curves = part(page, "One class against the rest")
    expect(curves.locator("canvas").first).to_be_visible()
    expect(curves.locator("option")).to_have_count(NUM_CLASSES)
    slider = curves.get_by_role("slider")
    slider.focus()
    expect(curves).to_contain_text("From a probability of 0.5 on")
    page.keyboard.press("ArrowRight")
    expect(curves).to_contain_text("From a probability of 0.55 on")
    expect(curves).to_contain_text("45.0%")
    expect(page.get_by_role("gridcell")).to_have_count(40 * 40)

    open_project(page, training, completed_id, "predict")
    form = part(page, "Predict one row")
    expect(form).to_contain_text(f"24 of {NUM_COLUMNS + len(INPUTS):,} columns")
    form.get_by_role("searchbox").fill("column 1999")
    expect(form.get_by_role("textbox", name="column 1999")).to_be_visible()
    expect(form.get_by_role("textbox")).to_have_count(1)
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("desktop", "light"),
        ("phone in French", "dark"),
        pytest.param("desktop", "dark", marks=pytest.mark.soak),
        pytest.param("phone in French", "light", marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    training: TrainingServer,
    projects: ProjectClient,
    completed_id: str,
    images_id: str,
    browser: Browser,
    complaints: list[str],
    size: str,
    scheme: Literal["light", "dark"],
) -> None:
    width, locale = SIZES[size]
    asking = projects.create(UNCLEAR, problem_description="Look at this")["project_id"]
    addresses = {
        "list": "projects",
        "new": "projects/new",
        "question": f"projects/{asking}",
        **{name: f"projects/{completed_id}?part={name}" for name in ("overview", "result", "data")},
        "predict": f"projects/{completed_id}?part=predict",
        "images": f"projects/{images_id}?part=predict",
    }
    options = {"viewport": {"width": width, "height": 844}, "locale": locale}
    found, overflows = {}, {}
    with shown(browser, complaints, color_scheme=scheme, **options) as page:
        for name, address in addresses.items():
            page.goto("about:blank")
            page.goto(f"{training.url}/monitor/#/{address}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(
                page.get_by_text(re.compile("^(Loading|Chargement|Looking up|Recherche des)"))
            ).to_have_count(0)
            if name == "predict":
                page.get_by_role("button", name=re.compile("^(Predict and|Prédire et)")).click()
                expect(page.get_by_text("which raises ill")).to_be_visible()
            page.locator("main details").evaluate_all(
                "all => all.forEach((it) => { it.open = true; })"
            )
            found[name] = violations(page)
            overflows[name] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert {name: each for name, each in found.items() if each} == {}
    assert overflows == dict.fromkeys(addresses, 0)
    assert projects.delete(asking).status_code == 200


def test_the_keyboard_answers_one_question_after_the_other(
    training: TrainingServer, projects: ProjectClient, page: Page
) -> None:
    project_id = projects.create(UNCLEAR, problem_description="Look at this")["project_id"]
    open_project(page, training, project_id, "overview")
    question = part(page, "A question before it goes on")
    question.get_by_role("radio", name="c", exact=True).focus()
    page.keyboard.press("Space")
    expect(question.get_by_role("radio", name="c", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    expect(question.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_contain_text("Are they classes, or amounts?")
    expect(question.get_by_role("radio", name="multiclass")).not_to_be_checked()
    assert projects.get(project_id)["answers"][0]["answer"] == "c"


def test_a_project_has_a_report(training: TrainingServer, completed_id: str, page: Page) -> None:
    open_project(page, training, completed_id, "result")
    page.get_by_role("button", name="Report…").click()
    with page.context.expect_page() as tab:
        page.get_by_role("link", name="Open the report").click()

    expect(tab.value.get_by_role("heading", level=1)).to_contain_text(f"{MARKUP} مشروع")
    expect(tab.value.get_by_text("Score on held-out rows")).to_be_visible()
