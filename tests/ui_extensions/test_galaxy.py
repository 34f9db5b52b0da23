"""The galaxy: stars and planets by mouse, keyboard and search, with WebGL and without."""

import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.client.fake_ray import FakeRay, TrainingServer, training_server
from tests.api.projects.project_client import TABLE, ProjectClient
from tests.api.projects.simulated_pipeline import SimulatedPipeline
from tests.ui_extensions.axe import violations
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.galaxy_page import (
    COUNT_DRAWS,
    GALAXY,
    LOSE_CONTEXT,
    WITHOUT_WEBGL,
    expect_flown_to,
    project,
    show,
    total,
    until_drawn,
)
from tests.ui_extensions.project_page import open_project
from tests.ui_extensions.test_accessibility import shown

HOSTILE = {
    1: "x" * 500,
    2: "🪐 planètes",
    3: "مشروع المرضى",
    4: "<img src=x onerror='window.pwned = true'>",
    5: "",
}
MIDDLE = 8
MANY = [project(number) for number in range(500, 0, -1)]


@pytest.fixture(scope="module")
def pipeline() -> SimulatedPipeline:
    return SimulatedPipeline()


@pytest.fixture(scope="module")
def training(
    pipeline: SimulatedPipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainingServer]:
    folder = tmp_path_factory.mktemp("galaxy")
    with training_server(folder, FakeRay(pipeline=pipeline.run)) as running:
        yield running


@pytest.fixture
def projects(training: TrainingServer, pipeline: SimulatedPipeline) -> Iterator[ProjectClient]:
    with httpx.Client(base_url=f"{training.url}/api/v1", timeout=60) as http:
        yield ProjectClient(http, training.server)
    pipeline.reset()


def test_a_project_is_found_followed_live_and_deleted_while_it_is_shown(
    training: TrainingServer, projects: ProjectClient, pipeline: SimulatedPipeline, page: Page
) -> None:
    pipeline.waits = True
    project_id = projects.create(project_name="Kepler")["project_id"]
    open_project(page, training, project_id, "overview")
    page.get_by_role("link", name="Find it in the galaxy").click()
    expect_flown_to(page, "Kepler")
    card = page.get_by_role("region", name="Chosen star")
    pipeline.release(5)
    expect(card).to_contain_text("Stage 5 of 8: Compare models")
    expect(page.get_by_role("log")).to_contain_text("Kepler: Compare models.")
    pipeline.release(3)
    expect(card).to_contain_text("Model ready")
    expect(card).to_contain_text("Macro F1 0.79")
    expect(card.get_by_role("list").get_by_role("listitem")).to_have_count(2)
    assert projects.delete(project_id).status_code == 200
    expect(page.get_by_text("The chosen project does not exist")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("Kepler was deleted.")


def test_an_upload_over_the_sky_becomes_a_star(
    training: TrainingServer, projects: ProjectClient, page: Page
) -> None:
    page.goto(f"{training.url}/monitor/galaxy")
    expect(page.get_by_role("heading", name="Galaxy", level=1)).to_be_visible()
    page.get_by_role("button", name="New project").click()
    dialog = page.get_by_role("dialog", name="New project")
    page.go_back()
    expect(dialog).to_have_count(0)
    page.go_forward()
    table = {"name": "stars.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    dialog.locator("input[type=file]").set_input_files([table])  # type: ignore[list-item]
    dialog.get_by_label("What is to be predicted?").fill("Predict the outcome")
    dialog.get_by_role("button", name=re.compile("^Upload and understand")).click()
    expect_flown_to(page, "stars")
    page.get_by_role("button", name="Back to all stars").click()
    page.get_by_role("button", name="History").click()
    page.get_by_role("dialog").get_by_role("link", name="stars").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_flown_to(page, "stars")


def test_search_click_and_history_fly_among_500_stars(training: TrainingServer, page: Page) -> None:
    page.add_init_script(COUNT_DRAWS)
    show(page, training.url, [*(project(900 + at) for at in range(7)), *MANY])
    expect(page.get_by_role("main")).to_contain_text("The newest 500 of 507 projects are shown")
    expect(page.locator("[data-view=webgl]")).to_be_visible()
    page.get_by_role("searchbox", name="Find a project").fill("project 321")
    page.keyboard.press("Enter")
    expect_flown_to(page, "Project 321")
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Back to all stars").click()
    expect(page.get_by_role("region", name="Chosen star")).to_have_count(0)
    # From afar the oldest project is in the middle of the sky; without motion it is there at once.
    sky = page.get_by_role("application").bounding_box()
    assert sky is not None
    middle = sky["x"] + sky["width"] / 2, sky["y"] + sky["height"] / 2
    page.mouse.click(*middle)
    expect_flown_to(page, f"Project {MIDDLE}")
    page.go_back()
    page.go_back()
    expect_flown_to(page, "Project 321")
    page.get_by_role("link", name="LightGBM, trial 2", exact=True).click()
    expect(page).to_have_url(re.compile(f"run={321:016x}{2:016x}"))
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("link", name="LightGBM, trial 2", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    # Nothing changes, so nothing is drawn.
    page.wait_for_timeout(300)
    drawn = page.evaluate("window.draws")
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.draws") == drawn > 0


def test_the_keyboard_goes_from_star_to_star(training: TrainingServer, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    names = [project(at, project_name=name) for at, name in HOSTILE.items()]
    show(page, training.url, [*MANY[:20], *names])
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Tab")
    stars = page.get_by_role("list", name="Stars").get_by_role("button")
    expect(stars.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(stars.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect_flown_to(page, "Project 499")
    stars.nth(1).focus()
    page.keyboard.press("End")
    expect(stars.nth(24)).to_be_focused()
    expect(stars.nth(24)).to_contain_text("Unnamed project")
    page.keyboard.press("Enter")
    expect_flown_to(page, "Unnamed project")
    sky = page.get_by_role("application")
    sky.focus()
    for key in ("ArrowLeft", "+", "-", "Home", "Escape"):
        page.keyboard.press(key)
    expect(page.get_by_role("region", name="Chosen star")).to_have_count(0)
    page.goto(f"{training.url}/monitor/#/galaxy?project={4:032x}")
    expect_flown_to(page, "<img src=x")
    assert page.evaluate("window.pwned") is None


def test_a_lost_context_is_survived(
    training: TrainingServer, page: Page, complaints: list[str]
) -> None:
    show(page, training.url, MANY)
    expect(page.locator("[data-view=webgl]")).to_be_visible()
    until_drawn(page)
    page.evaluate(LOSE_CONTEXT)
    expect(page.locator("[data-view=flat]")).to_be_visible()
    until_drawn(page)
    page.evaluate("window.lost.restoreContext()")
    expect(page.locator("[data-view=webgl]")).to_be_visible()
    page.get_by_role("button", name="Closer").click()
    until_drawn(page)
    forgive(complaints, "Context Lost")


def test_without_webgl_the_same_sky_is_drawn_flat(training: TrainingServer, page: Page) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.add_init_script(WITHOUT_WEBGL)
    page.route_web_socket(re.compile("/ws/projects/"), lambda _: None)
    running = {"status": "training", "current_stage": "model_training"}
    show(page, training.url, [project(501, **running), *MANY[:40]])
    expect(page.get_by_text("no WebGL at the moment")).to_be_visible()
    until_drawn(page)
    page.get_by_role("searchbox").fill("501")
    page.keyboard.press("Enter")
    expect_flown_to(page, "Project 501")
    assert not [url for url in requested if "webglView" in url]


def test_many_candidates_are_bounded_and_a_lost_socket_is_said(
    training: TrainingServer, page: Page
) -> None:
    page.route_web_socket(re.compile("/ws/projects/"), lambda socket: socket.close(code=1013))
    running = {"status": "training", "current_stage": "model_selection", "num_runs": 312}
    show(page, training.url, [project(1, **running)], f"?project={1:032x}")
    expect(page.get_by_text("4 of 312 runs are drawn")).to_be_visible()
    note = page.get_by_role("status").filter(has_text="asks for the state every 5 sec")
    expect(note).to_be_visible()
    # What the answer says is shown all the same.
    changed = [project(1, **{**running, "current_stage": "model_training"})]
    page.route(GALAXY, lambda route: route.fulfill(json=changed, headers=total(changed)))
    expect(page.get_by_role("region", name="Chosen star")).to_contain_text("Stage 6 of 8")


@pytest.mark.parametrize(
    ("scheme", "width", "locale"),
    [("light", 1440, "en-GB"), ("dark", 390, "fr-FR")],
    ids=["desktop", "phone in French"],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    training: TrainingServer,
    browser: Browser,
    complaints: list[str],
    scheme: Literal["light", "dark"],
    width: int,
    locale: str,
) -> None:
    listed = [
        project(10, status="training", current_stage="model_training", num_runs=99),
        project(11, status="failed"),
        project(12, has_question=True, status="analyzing"),
        *(project(at, project_name=name) for at, name in HOSTILE.items()),
    ]
    found, overflows = {}, {}
    options = {"viewport": {"width": width, "height": 844}, "locale": locale}
    with shown(browser, complaints, color_scheme=scheme, **options) as page:
        page.route_web_socket(re.compile("/ws/projects/"), lambda _: None)
        page.route(GALAXY, lambda route: route.fulfill(json=listed, headers=total(listed)))
        for query in ("", f"?project={10:032x}", "?open=history", "?open=upload"):
            page.goto("about:blank")
            page.goto(f"{training.url}/monitor/#/galaxy{query}")
            expect(page.locator("[data-view]")).to_be_visible()
            expect(page.get_by_text(re.compile("^(Loading|Chargement)"))).to_have_count(0)
            found[query] = violations(page)
            overflows[query] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.unroute(GALAXY)
        page.route(GALAXY, lambda route: route.fulfill(json=[], headers=total([])))
        page.goto("about:blank")
        page.goto(f"{training.url}/monitor/#/galaxy")
        empty = re.compile("There is no project yet|pas encore de projet")
        expect(page.get_by_text(empty)).to_be_visible()
        found["empty"] = violations(page)
    assert {name: each for name, each in found.items() if each} == {}
    assert overflows == dict.fromkeys(overflows, 0)
